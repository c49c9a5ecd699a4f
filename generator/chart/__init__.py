"""Generates the Helm chart of a workflow, and the umbrella over all charts."""
