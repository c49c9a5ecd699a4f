"""What a workflow becomes in a cluster, and what an API server makes of it."""
