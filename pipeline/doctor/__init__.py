"""What a machine and a repository have, and what they are missing: `waybill doctor`."""
