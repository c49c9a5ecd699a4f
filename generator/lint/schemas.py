"""Rules of the input and the output schema."""
