"""A cluster, by the user's own kubectl or oc: what is there, and what is added to it."""
