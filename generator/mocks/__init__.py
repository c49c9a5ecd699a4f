"""What stands in for services and people while a workflow is tried."""
