"""Generates Maven projects that build workflows into Quarkus applications."""
