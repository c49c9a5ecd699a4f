"""Saves the outcome of a Move2Kube transformation in a branch of a git repository, asked by a CloudEvent."""
