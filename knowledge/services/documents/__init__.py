"""Documents: what is uploaded, shown, changed, taken back, and read again."""
