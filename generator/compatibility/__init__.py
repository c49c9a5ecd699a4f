"""Which chart runs on which operator: what is claimed, and what the operator's own schema says to it."""
