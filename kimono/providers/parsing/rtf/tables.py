"""Rows and tables of a rich text file."""

from dataclasses import dataclass, field

from kimono.providers.parsing.errors import UnreadableFile
from kimono.providers.parsing.shapes import Draft
from kimono.providers.parsing.tables import Grid, to_markdown, trimmed

_MERGES = {"clmgf": "across", "clmrg": "left", "clvmgf": "down", "clvmrg": "above"}


@dataclass(slots=True)
class Row:
    """The row being read: its cells, and for each cell what it is merged with."""

    cells: list[str] = field(default_factory=list)
    edges: list[frozenset[str]] = field(default_factory=list)
    pending: set[str] = field(default_factory=set)

    def define(self, word: str) -> None:
        """Follow a control word that defines the row."""
        if word == "trowd":
            self.edges = []
            self.pending.clear()
        elif word in _MERGES:
            self.pending.add(_MERGES[word])
        elif word == "cellx":
            self.edges.append(frozenset(self.pending))
            self.pending.clear()


@dataclass(slots=True)
class Table:
    """Rows that follow each other."""

    rows: Grid = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Add a row; a cell that is merged away says what its partner says."""
        filled: list[str] = []
        above = self.rows[-1] if self.rows else []
        for index, text in enumerate(row.cells):
            merged = row.edges[index] if index < len(row.edges) else frozenset()
            if not text and "left" in merged and filled:
                text = filled[-1]
            elif not text and "above" in merged and index < len(above):
                text = above[index]
            filled.append(text)
        if filled:
            self.rows.append(filled)

    def add_to(self, draft: Draft, most: int) -> None:
        """Add the table to `draft`; one of a single column only frames its text."""
        if sum(map(len, self.rows)) > most:
            raise UnreadableFile(f"the tables have more than {most} cells", row=len(self.rows))
        grid = trimmed(self.rows)
        if grid and len(grid[0]) > 1:
            draft.add("table", to_markdown(grid))
        else:
            for row in grid:
                draft.add("text", row[0])
