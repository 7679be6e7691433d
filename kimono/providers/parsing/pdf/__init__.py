"""PDF files with a text layer."""

from kimono.providers.parsing.pdf.document import parse

__all__ = ["parse"]
