"""Compatibility of charts and operators: the claims of compatibility.yaml, and their check against CRDs."""
