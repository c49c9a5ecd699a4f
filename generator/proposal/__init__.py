"""Writes the texts of proposals, the pull requests that bring a workflow's chart to its reviewers."""
