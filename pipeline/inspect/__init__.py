"""Commands that inspect workflows: lint, diff, diagrams."""
