"""GitOps: the objects by which Argo CD and Flux follow the charts of workflows."""
