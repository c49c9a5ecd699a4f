"""A namespace for workflows: its labels, network policies and database user."""
