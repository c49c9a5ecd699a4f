"""What a workflow and others agree on: OpenAPI files, calls, JSON Schemas, inputs."""
