"""JSON and JSONL: dialogues, tickets and other records."""

from kimono.providers.parsing.records.document import parse

__all__ = ["parse"]
