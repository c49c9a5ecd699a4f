"""A namespace for workflows: who must reach whom, its labels, its part of the database."""
