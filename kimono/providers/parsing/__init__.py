"""Files into text: what a document says, in reading order, with its headings, tables and pages.

Importing this package loads no parser and no library of one; only a child process does.
"""

from kimono.providers.parsing.errors import (
    ArchiveBomb,
    ParseError,
    ParserKilled,
    ParsingStopped,
    UnreadableFile,
    UnsupportedType,
)
from kimono.providers.parsing.isolation import parse_in_child
from kimono.providers.parsing.kinds import Kind, Unsupported
from kimono.providers.parsing.parse import parse
from kimono.providers.parsing.registry import (
    Parser,
    Request,
    parser_for,
    refusal,
    register,
    require,
    supported,
)
from kimono.providers.parsing.shapes import Block, Draft, Limits, Media, Parsed, ParseProblem
from kimono.providers.parsing.sniffing import sniff, sniff_file

__all__ = [
    "ArchiveBomb",
    "Block",
    "Draft",
    "Kind",
    "Limits",
    "Media",
    "ParseError",
    "ParseProblem",
    "Parsed",
    "Parser",
    "ParserKilled",
    "ParsingStopped",
    "Request",
    "UnreadableFile",
    "Unsupported",
    "UnsupportedType",
    "parse",
    "parse_in_child",
    "parser_for",
    "refusal",
    "register",
    "require",
    "sniff",
    "sniff_file",
    "supported",
]
