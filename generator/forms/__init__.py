"""The forms that the Orchestrator makes of input schemas: their widgets, what each takes, and their templates."""
