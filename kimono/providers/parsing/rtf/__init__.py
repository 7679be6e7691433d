"""Rich text files."""

from kimono.providers.parsing.rtf.document import parse

__all__ = ["parse"]
