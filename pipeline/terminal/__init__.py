"""What people and code scanning see."""
