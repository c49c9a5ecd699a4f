"""Container images of workflows."""
