"""Output for people and for code scanning."""
