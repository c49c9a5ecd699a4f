"""The operators that charts are for, and what they make of them."""
