"""Users, roles, sessions, refresh tokens. Operators live in `public`, a merchant's people in its schema."""
