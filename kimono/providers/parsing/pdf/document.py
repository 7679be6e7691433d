"""A PDF file page by page."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO

from pypdfium2 import PdfDocument, PdfiumError, PdfPage
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

from kimono.providers.parsing.errors import UnreadableFile
from kimono.providers.parsing.pdf import scans
from kimono.providers.parsing.pdf.columns import in_reading_order
from kimono.providers.parsing.pdf.furniture import without_furniture
from kimono.providers.parsing.pdf.layout import Layout, Paragraph, goes_on, outline_levels
from kimono.providers.parsing.pdf.lines import Line, lines_of
from kimono.providers.parsing.pdf.tables import Table, TableFinder
from kimono.providers.parsing.pdf.unseen import unseen
from kimono.providers.parsing.pictures import keep
from kimono.providers.parsing.registry import Request
from kimono.providers.parsing.shapes import Draft
from kimono.providers.parsing.tables import Grid, to_markdown
from kimono.providers.parsing.wrapping import glue

_FEW_CHARACTERS = 12
# A last row of one cell that is longer is a remark below the table.
_NOTE = 60
_MAX_PICTURES = 300
_CAPTION = re.compile(r"(?:图|圖|Fig(?:ure)?\.?)\s*[\d一二三四五六七八九十]", re.IGNORECASE)


@dataclass(slots=True)
class _Picture:
    data: bytes
    name: str
    top: float
    bottom: float


@dataclass(slots=True)
class _Page:
    number: int
    height: float
    lines: list[Line]
    tables: list[Table]
    pictures: list[_Picture] = field(default_factory=list)


def parse(request: Request, draft: Draft) -> None:
    """Add the text, tables and pictures of all pages; scanned pages are read by OCR or named in the problems.

    Raises `UnreadableFile` for a password, for too many pages and for a damaged file.
    """
    document = _opened(request)
    try:
        total = len(document)
        if total > request.limits.max_pages:
            raise UnreadableFile(f"the file has {total} pages; at most {request.limits.max_pages} are read")
        draft.page_count = total
        draft.title = (document.get_metadata_value("Title") or "").strip()
        if re.search(
            r"untitled|microsoft word|^[\w-]+\.(?:docx?|pdf|indd|pptx?)$", draft.title, re.IGNORECASE
        ):
            draft.title = ""
        outline = outline_levels(_bookmarks(document))
        pages = list(_pages(document, request, draft))
    finally:
        document.close()
    _add(pages, outline, request, draft)


def _opened(request: Request) -> PdfDocument:
    try:
        return PdfDocument(request.path)
    except PdfiumError as error:
        if "password" in str(error).lower():
            raise UnreadableFile("the file is protected by a password; save it without one") from error
        raise UnreadableFile("the file is damaged and cannot be opened as PDF") from error


def _bookmarks(document: PdfDocument) -> Iterator[tuple[str, int]]:
    for count, bookmark in enumerate(document.get_toc(max_depth=6)):
        if count >= 5000:
            return
        yield bookmark.get_title() or "", bookmark.level


def _pages(document: PdfDocument, request: Request, draft: Draft) -> Iterator[_Page]:
    finder = TableFinder(request.path, None, request.limits.table_seconds)
    total = len(document)
    pictures = 0
    try:
        for index in range(total):
            number = index + 1
            try:
                page = _page(document, number, finder, request, draft, pictures < _MAX_PICTURES)
            except (PdfiumError, ValueError, KeyError, IndexError, TypeError, OSError) as error:
                draft.problem(
                    "unreadable_page", f"page {number} is damaged ({type(error).__name__})", page=number
                )
                continue
            pictures += len(page.pictures)
            request.progress(number, total)
            yield page
    finally:
        finder.close()
    if finder.skipped:
        first, last = finder.skipped[0], finder.skipped[-1]
        draft.problem("tables_as_text", f"tables of pages {first}–{last} were read as plain text", page=first)


def _page(
    document: PdfDocument,
    number: int,
    finder: TableFinder,
    request: Request,
    draft: Draft,
    with_pictures: bool,
) -> _Page:
    page = document[number - 1]
    text = page.get_textpage()
    try:
        lines = _shown(lines_of(text, number, unseen(page, text)), page)
        scanned = _is_scan(page, lines)
        if scanned:
            lines = scans.read(page, number, request, draft)
        else:
            _check_text(lines, number, draft)
        tables = finder.tables(page, text, number) if lines else []
        pictures = list(_pictures(page, request, scanned)) if with_pictures and lines else []
        return _Page(number, float(page.get_height()), lines, tables, pictures)
    finally:
        text.close()
        page.close()


def _shown(lines: list[Line], page: PdfPage) -> list[Line]:
    """Return the lines that lie on the page; some lie beside it, where nobody sees them."""
    if page.get_rotation():
        return lines
    left, bottom, right, top = (float(edge) for edge in page.get_cropbox())

    def is_shown(line: Line) -> bool:
        return line.right > left and line.left < right and line.top > bottom and line.bottom < top

    shown: list[Line] = []
    for line in lines:
        if line.pieces and not all(map(is_shown, line.pieces)):
            shown.extend(filter(is_shown, line.pieces))
        elif is_shown(line):
            shown.append(line)
    return shown


def _is_scan(page: PdfPage, lines: list[Line]) -> bool:
    """Tell whether a page shows a picture and hardly a word besides."""
    if sum(len(line.text) for line in lines) >= _FEW_CHARACTERS:
        return False
    return next(iter(page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE], max_depth=3)), None) is not None


def _check_text(lines: list[Line], number: int, draft: Draft) -> None:
    """Note a page whose fonts do not say which characters they show, and drop what was read of it."""
    text = "".join(line.text for line in lines)
    odd = sum(
        "\ue000" <= character <= "\uf8ff" or character == "\ufffd" or ord(character) < 32
        for character in text
    )
    if odd * 3 > len(text) > _FEW_CHARACTERS:
        draft.problem(
            "garbled_text", f"the fonts of page {number} do not say which characters they show", page=number
        )
        lines.clear()


def _pictures(page: PdfPage, request: Request, scanned: bool) -> Iterator[_Picture]:
    """Yield the pictures of a page that are neither ornaments nor its background, nor the page itself as it was scanned."""
    most = 0.5 if scanned else 0.9
    area = page.get_width() * page.get_height()
    for count, image in enumerate(page.get_objects(filter=[FPDF_PAGEOBJ_IMAGE], max_depth=3)):
        left, bottom, right, top = image.get_bounds()
        columns, rows = image.get_px_size()
        large = (right - left) * (top - bottom) > area * most
        if count >= 50 or large or min(columns, rows) < 64 or columns * rows > request.limits.max_pixels:
            continue
        buffer = BytesIO()
        try:
            image.extract(buffer, fb_format="png")
        except (PdfiumError, ValueError, OSError, NotImplementedError, KeyError):
            continue
        if buffer.tell() <= request.limits.max_image_bytes:
            yield _Picture(buffer.getvalue(), f"image{count + 1}", top, bottom)


def _add(pages: Sequence[_Page], outline: dict[str, int], request: Request, draft: Draft) -> None:
    kept = without_furniture([page.lines for page in pages], [page.height for page in pages])
    layout = Layout((line for lines in kept for line in lines), outline)
    waiting: Paragraph | None = None
    header: Grid = []
    for page, lines in zip(pages, kept, strict=True):
        outside = [line for line in lines if not any(_inside(line, table) for table in page.tables)]
        pieces: list[tuple[float, int, Paragraph | Table | _Picture]] = []
        position = float("inf")
        for order, paragraph in enumerate(layout.paragraphs(in_reading_order(outside))):
            # Reading order wins over height, so that columns stay columns.
            position = min(position, paragraph.top)
            pieces.append((position, order, paragraph))
        captions = _captions([piece for _, _, piece in pieces if isinstance(piece, Paragraph)], page.pictures)
        pieces = [piece for piece in pieces if id(piece[2]) not in captions]
        pieces += [(table.top, -1, table) for table in page.tables]
        pieces += [(picture.top, -1, picture) for picture in page.pictures]
        for _, _, piece in sorted(pieces, key=lambda item: (-item[0], item[1])):
            if isinstance(piece, Paragraph):
                if waiting is not None and waiting.page != piece.page and goes_on(waiting, piece):
                    joined = (
                        waiting.text + piece.text if waiting.last.broken else glue(waiting.text, piece.text)
                    )
                    waiting.text, waiting.last = joined, piece.last
                    continue
                waiting = _flushed(waiting, piece, draft)
                continue
            waiting = _flushed(waiting, None, draft)
            if isinstance(piece, Table):
                header = _add_table(piece.grid, header, page.number, draft)
            else:
                keep(
                    request, draft, piece.name, BytesIO(piece.data), captions.get(id(piece), ""), page.number
                )
    _flushed(waiting, None, draft)


def _flushed(waiting: Paragraph | None, following: Paragraph | None, draft: Draft) -> Paragraph | None:
    """Add the paragraph that was waiting; items of one list become one block."""
    if waiting is None:
        return following
    if following and waiting.is_list and following.is_list and waiting.page == following.page:
        following.text = f"{waiting.text}\n{following.text}"
        return following
    if waiting.level:
        draft.heading(waiting.text, waiting.level, waiting.page)
    else:
        draft.add("list" if waiting.is_list else "text", waiting.text, waiting.page)
    return following


def _add_table(grid: Grid, header: Grid, page: int, draft: Draft) -> Grid:
    """Add a table and return its header; one that goes on from the page before gets that one's header again."""
    last = draft.blocks[-1] if draft.blocks else None
    continued = last is not None and last.kind == "table" and last.page == page - 1
    if continued and header and len(header[0]) == len(grid[0]) and grid[0] != header[0]:
        grid = header + grid
    notes: list[str] = []
    while len(grid) > 2 and len(grid[-1][0]) > _NOTE and not any(grid[-1][1:]):
        notes.insert(0, grid.pop()[0])
    draft.add("table", to_markdown(grid), page)
    for note in notes:
        draft.add("text", note, page)
    return grid[:1]


def _inside(line: Line, table: Table) -> bool:
    middle = (line.top + line.bottom) / 2
    centre = (line.left + line.right) / 2
    return table.bottom <= middle <= table.top and table.left - 2 <= centre <= table.right + 2


def _captions(paragraphs: Sequence[Paragraph], pictures: Sequence[_Picture]) -> dict[int, str]:
    """Return the captions by the identities of their pictures and of the paragraphs that they are."""
    found: dict[int, str] = {}
    for picture in pictures:
        for paragraph in paragraphs:
            if id(paragraph) not in found and _is_caption(paragraph, picture):
                found[id(picture)] = found[id(paragraph)] = paragraph.text
                break
    return found


def _is_caption(paragraph: Paragraph, picture: _Picture) -> bool:
    return bool(_CAPTION.match(paragraph.text)) and -5 <= picture.bottom - paragraph.top <= 40
