"""What differs between two versions of a workflow, whom it concerns, and what waiting instances trip over."""
