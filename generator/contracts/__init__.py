"""The contracts of a workflow: OpenAPI files, calls, JSON Schemas, inputs."""
