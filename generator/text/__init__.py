"""Text in and out: YAML with positions, Markdown, templates, words."""
