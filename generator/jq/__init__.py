"""jq expressions: parsing, compiling, and the dialect of the engine (jackson-jq)."""
