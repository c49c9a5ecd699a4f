"""The chart `platform`: everything that workflows need in their cluster, for a profile and a SonataFlow."""
