"""The headings above a chunk as one line, outermost first: `Returns › Deposits › Late returns`."""

from collections.abc import Sequence

SEPARATOR = " › "
_LONGEST = 500


def path(headings: Sequence[str], *, title: str) -> str:
    """Return the line for the headings above a chunk, outermost first; empty when there are none.

    The document's title, which stands beside it wherever it is shown, is left out where another heading follows; so are
    the outermost headings of a line that would be too long to store.
    """
    names = [" ".join(heading.split()) for heading in headings]
    if len(names) > 1 and names[0][:255] == title:
        del names[0]
    while len(names) > 1 and len(SEPARATOR.join(names)) > _LONGEST:
        del names[0]
    return SEPARATOR.join(names)[:_LONGEST]


def nearest(section: str) -> str:
    """Return the innermost heading of a line of headings."""
    return section.rsplit(SEPARATOR, 1)[-1]


def above(*, title: str, section: str | None, text: str) -> list[str]:
    """Return the title and the headings that a chunk's text does not hold itself, each once, outermost first."""
    heads = dict.fromkeys([title, *(section or "").split(SEPARATOR)])
    return [head for head in heads if head and head not in text]
