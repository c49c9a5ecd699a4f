"""Draws a workflow: what it shows (scene), where things go (layout), and the formats (svg, png, mermaid, dot)."""
