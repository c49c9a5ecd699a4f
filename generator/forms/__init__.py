"""Forms of the Orchestrator plugin for input schemas: widgets, their properties, and templates."""
