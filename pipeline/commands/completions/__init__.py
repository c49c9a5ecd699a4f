"""What a shell completes, from a table: it is quick, since no command's module is imported for it."""
