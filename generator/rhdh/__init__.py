"""Red Hat Developer Hub for the Orchestrator: its Secret, its plugins' configuration and access to the cluster."""
