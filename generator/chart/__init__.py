"""A workflow as a Helm chart, and the umbrella over all charts."""
