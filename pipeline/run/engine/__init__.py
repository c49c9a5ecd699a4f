"""The local engine: its process, its events, and mock services."""
