"""The Kubernetes objects of a workflow, and how an API server and the operator treat them."""
