"""Shapes of what goes in and out of this floor's doors."""
