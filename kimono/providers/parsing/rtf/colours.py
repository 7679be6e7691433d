"""The colours that a rich text file numbers, to know which of its text is white on white."""

_WHITE = [255, 255, 255]
_PARTS = ("red", "green", "blue")
# What puts characters, and what puts paragraphs, on a ground of their own.
GROUNDS = frozenset({"highlight", "cb", "chcbpat", "chshdng"})
PARAGRAPH_GROUNDS = frozenset({"cbpat", "cfpat", "shading"})


class Colours:
    """The table of colours, read word by word."""

    def __init__(self) -> None:
        self._colours = [[0, 0, 0]]

    def define(self, word: str, number: int | None) -> None:
        """Take a word of the table: a part of the colour that is being named."""
        if word in _PARTS:
            self._colours[-1][_PARTS.index(word)] = number or 0

    def end(self, text: str) -> None:
        """Take text of the table: each semicolon ends a colour."""
        self._colours += [[0, 0, 0] for _ in range(text.count(";"))]

    def is_white(self, number: int) -> bool:
        """Tell whether a colour is white."""
        return 0 <= number < len(self._colours) and self._colours[number] == _WHITE
