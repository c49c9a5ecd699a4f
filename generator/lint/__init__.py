"""The checks of a workflow: rules, what suppresses them, what fixes them."""
