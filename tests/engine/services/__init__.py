"""Stand-ins for the services that the workflows call, held to the OpenAPI files that the workflows carry."""
