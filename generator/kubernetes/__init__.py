"""The Kubernetes objects of a workflow, and how an API server treats them."""
