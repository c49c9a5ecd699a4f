"""Rules of expressions: they compile, the engine knows what they use, and what they read can be there."""
