"""Operators: which ones charts are built for, and whether they run a chart."""
