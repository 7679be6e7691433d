"""Platform operators: everything, from above."""
