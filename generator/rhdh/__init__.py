"""What Red Hat Developer Hub needs for the Orchestrator: its Secret, what its plugins may read, their configuration."""
