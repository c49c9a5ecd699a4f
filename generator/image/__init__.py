"""Container images of workflows: what one is built from, its labels, its SBOM and provenance."""
