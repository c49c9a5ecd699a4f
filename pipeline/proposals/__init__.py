"""Proposals: one pull request for each workflow on the repository that the clusters follow."""
