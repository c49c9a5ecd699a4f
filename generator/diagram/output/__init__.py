"""Writes diagrams as SVG, Mermaid and DOT."""
