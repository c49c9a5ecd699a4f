"""Charts where they lie: folders, packages, indexes, repositories."""
