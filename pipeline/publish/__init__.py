"""Publishes charts in chart repositories, without ever losing an entry."""
