"""jq: how it is written, whether it compiles, and what the engine's own jq makes of it."""
