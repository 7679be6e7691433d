"""Shapes of the knowledge endpoints (api.md 6)."""
