"""The rules: a module a subject, a function a rule, with its reason and its examples beside it."""
