"""The files of a new workflow: a definition, its schemas and its configuration, and what stands beside them."""
