"""Rules of what Red Hat Developer Hub Orchestrator expects of a workflow and its result."""
