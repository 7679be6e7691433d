"""Web pages and other HTML."""

from kimono.providers.parsing.html.document import add_fragment, add_whole, parse
from kimono.providers.parsing.html.walk import Pictures

__all__ = ["Pictures", "add_fragment", "add_whole", "parse"]
