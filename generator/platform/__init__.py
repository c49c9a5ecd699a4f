"""The chart `platform`: what workflows need in their cluster, for a profile and a SonataFlow."""
