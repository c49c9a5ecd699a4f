"""Charts on disk and published: folders, packages, indexes, repositories."""
