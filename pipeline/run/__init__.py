"""A trial run: one workflow on the local engine, shown as it goes."""
