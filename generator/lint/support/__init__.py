"""Analyses of definitions, schemas and expressions that several rules share."""
