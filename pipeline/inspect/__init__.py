"""A look at workflows: lint, diff, diagrams."""
