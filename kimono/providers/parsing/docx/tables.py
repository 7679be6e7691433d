"""The rows and cells of Word's tables."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from kimono.providers.parsing.docx.package import W


class Cell:
    """A table cell: its width in columns and whether it starts or continues a merge downwards."""

    __slots__ = ("element", "merge", "width")

    def __init__(self, element: Element, width: int, merge: str) -> None:
        self.element, self.width, self.merge = element, width, merge

    @classmethod
    def of(cls, element: Element) -> "Cell":
        """Read a `w:tc`."""
        properties = element.find(f"{W}tcPr")
        if properties is None:
            return cls(element, 1, "")
        span = properties.find(f"{W}gridSpan")
        merge = properties.find(f"{W}vMerge")
        width = int(span.get(f"{W}val", "1")) if span is not None else 1
        return cls(
            element, max(1, min(width, 200)), "" if merge is None else merge.get(f"{W}val", "continue")
        )


def cells(row: Element) -> Iterator[Element]:
    """Yield the cells of a row, those in a frame of their own included."""
    for child in row:
        if child.tag == f"{W}tc":
            yield child
        elif child.tag == f"{W}sdt":
            yield from child.iter(f"{W}tc")


def own_rows(table: Element) -> list[Element]:
    """Return the rows of a table itself, not those of tables inside its cells."""
    own: list[Element] = []
    for child in table:
        if child.tag == f"{W}tr":
            own.append(child)
        elif child.tag not in (f"{W}tblPr", f"{W}tblGrid"):
            own.extend(own_rows(child))
    return own


def height_of(rows: list[list[Cell]], index: int, column: int) -> int:
    """Return over how many rows the merged cell at a place reaches."""
    height = 1
    for row in rows[index + 1 :]:
        position = 0
        for cell in row:
            if position >= column:
                break
            position += cell.width
        else:
            break
        if position != column or cell.merge != "continue":
            break
        height += 1
    return height
