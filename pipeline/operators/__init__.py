"""The operators that charts are for, and whether they run them."""
