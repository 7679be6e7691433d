"""Word documents."""

from kimono.providers.parsing.docx.document import parse

__all__ = ["parse"]
