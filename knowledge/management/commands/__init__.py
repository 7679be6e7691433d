"""Commands of this floor, by the names they are called."""
