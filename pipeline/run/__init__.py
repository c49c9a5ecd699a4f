"""A trial run: one workflow on the local engine, told as it goes."""
