"""The local engine: builds workflows, runs them, and listens to what they do."""
