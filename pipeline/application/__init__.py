"""Builds workflows as applications of the engine with Maven, for runs and images."""
