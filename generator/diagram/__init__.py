"""Diagrams of workflows: their content (scene), their layout, and the formats SVG, Mermaid and DOT."""
