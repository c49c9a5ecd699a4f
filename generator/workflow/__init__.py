"""One workflow folder read and understood."""
