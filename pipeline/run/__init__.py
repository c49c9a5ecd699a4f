"""Runs a workflow on the local engine and shows its progress, for `waybill run`."""
