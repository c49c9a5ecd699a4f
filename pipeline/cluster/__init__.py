"""Reads from and adds objects to a cluster, with the user's own kubectl or oc."""
