"""Workflows as applications of the engine: Maven builds them, for a run and for an image."""
