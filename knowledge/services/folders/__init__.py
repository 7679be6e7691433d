"""Updates from a merchant's folder on the server (api.md 6.5)."""
