"""What keeps workflows from running in a cluster, found in the objects that the cluster has."""
