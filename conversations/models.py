"""Tables of `conversations`."""
