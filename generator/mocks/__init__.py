"""Mocks of services, and generated inputs, for test runs."""
