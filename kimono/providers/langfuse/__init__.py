"""Export of model calls to Langfuse, by its ingestion API and without its SDK (docs/adr/0011)."""
