"""What goes wrong, where, and what fixes it: findings, edits, the nearest right names, errors."""
