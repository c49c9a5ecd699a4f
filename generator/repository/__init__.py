"""Generates the files of a new workflow repository, which `waybill init` writes."""
