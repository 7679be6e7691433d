"""One module per figure; each returns its rows of the table."""
