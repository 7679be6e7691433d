"""Shapes of section 5 of the wire contract."""
