"""QA pairs: written, read, scored, imported, exported, copied from templates."""
