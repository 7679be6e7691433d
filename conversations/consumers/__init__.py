"""Sockets of this floor, and what carries rings between processes."""
