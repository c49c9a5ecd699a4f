"""Proposes charts to the repository that clusters follow, with one pull request per workflow."""
