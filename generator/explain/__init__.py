"""What a workflow does, in sentences."""
