"""Generates the files of a new workflow: its definition, schemas, configuration and README."""
