"""Which chart runs on which operator: the claims, and their check against the operator's own schema."""
