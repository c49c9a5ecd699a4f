"""The lint rules, one module per subject, with their documentation and examples."""
