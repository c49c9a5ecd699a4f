"""A diagram as SVG, Mermaid and DOT."""
