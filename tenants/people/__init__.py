"""People: users, roles, sessions and refresh tokens; tables in `public` (operators) and in every schema (merchants' people)."""
