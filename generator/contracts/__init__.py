"""A workflow's contracts: OpenAPI files, calls of their operations, JSON Schemas and inputs."""
