"""Ingestion: from an uploaded file to chunks that are found, in a job that leaves the same however often it is killed."""

from knowledge.services.ingestion.failing import abandon
from knowledge.services.ingestion.pipeline import ingest

__all__ = ["abandon", "ingest"]
