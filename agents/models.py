"""Tables of `agents`."""
