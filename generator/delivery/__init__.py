"""Generates the files that deploy charts with Argo CD and Flux, or build them with Tekton, Argo and GitHub Actions."""
