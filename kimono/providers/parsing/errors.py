"""Why a file cannot be taken: the refusals of the wire contract, with the place in the file where there is one."""

from typing import Any

from kimono.lib.errors import Invalid, Refusal, Unsupported


class ParseError(Refusal):
    """A file that cannot be read as a whole. `message` is for a person and says what to do where something can be done.

    `page`, `sheet` and `row` name the place, when one place is the reason.
    """

    message: str
    page: int | None
    sheet: str | None
    row: int | None

    def _locate(self, message: str, page: int | None, sheet: str | None, row: int | None) -> None:
        self.message, self.page, self.sheet, self.row = message, page, sheet, row

    def to_json(self) -> dict[str, Any]:
        """Return what `error_from_json` needs to make an equal refusal in another process."""
        return {
            "code": self.code,
            "message": self.message,
            "page": self.page,
            "sheet": self.sheet,
            "row": self.row,
            "supported": self.extra.get("supported", []),
        }


class UnreadableFile(ParseError, Invalid):
    """Nothing can be read from the file: a password, no content, damage, no text layer, or more than a limit allows."""

    code = "unreadable_file"

    def __init__(
        self, message: str, *, page: int | None = None, sheet: str | None = None, row: int | None = None
    ) -> None:
        Invalid.__init__(self, message, loc=("form", "file"), type="unreadable_file", code="unreadable_file")
        self._locate(message, page, sheet, row)


class ArchiveBomb(ParseError, Invalid):
    """A zip-based file that unpacks to more than it may, or hides what it may not."""

    code = "archive_bomb"

    def __init__(self, message: str) -> None:
        Invalid.__init__(self, message, loc=("form", "file"), type="archive_bomb", code="archive_bomb")
        self._locate(message, None, None, None)


class UnsupportedType(ParseError, Unsupported):
    """The content is of a type that is not taken; the message says what was found and what is taken."""

    def __init__(self, message: str, *, supported: tuple[str, ...] = ()) -> None:
        Unsupported.__init__(self, message, supported=supported)
        self._locate(message, None, None, None)


class ParsingStopped(Exception):
    """The caller asked for the parsing to stop; nothing is wrong with the file."""


class ParserKilled(Exception):
    """Somebody killed the parser, a kernel short of memory perhaps; nothing is known against the file."""


def error_from_json(data: dict[str, Any]) -> ParseError:
    """Return the refusal that `ParseError.to_json` described."""
    if data["code"] == UnsupportedType.code:
        return UnsupportedType(data["message"], supported=tuple(data["supported"]))
    if data["code"] == ArchiveBomb.code:
        return ArchiveBomb(data["message"])
    return UnreadableFile(data["message"], page=data["page"], sheet=data["sheet"], row=data["row"])
