"""Container images of workflows: recipes, labels, SBOMs and provenance."""
