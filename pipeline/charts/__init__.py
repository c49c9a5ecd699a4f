"""Charts on disk and in repositories: folders, packages, indexes."""
