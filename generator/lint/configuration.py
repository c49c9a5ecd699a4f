"""Rules of application.properties and secret.properties."""
