"""Output on the terminal, and findings for code scanning."""
