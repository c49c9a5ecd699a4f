"""Mocks of services and of inputs for trial runs."""
