"""Workflows as Maven projects for the engine."""
