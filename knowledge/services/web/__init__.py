"""Documents from the web."""
