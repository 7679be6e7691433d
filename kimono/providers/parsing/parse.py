"""The one way into the parsers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from kimono.lib.cleaning import clean, detect_language
from kimono.providers.parsing.archives import check_archive
from kimono.providers.parsing.captions import with_captions
from kimono.providers.parsing.errors import ParseError, UnreadableFile
from kimono.providers.parsing.kinds import Kind
from kimono.providers.parsing.programs import OCR_ADVICE, has_ocr
from kimono.providers.parsing.registry import Request, parser_for, require
from kimono.providers.parsing.shapes import Allowance, Block, Draft, Limits, Parsed, Progress
from kimono.providers.parsing.sniffing import sniff_file

_ZIPPED = frozenset({Kind.DOCX, Kind.XLSX, Kind.PPTX, Kind.ODT, Kind.EPUB})
_OLE = b"\xd0\xcf\x11\xe0"


def parse(
    path: Path,
    *,
    name: str = "",
    kind: Kind | None = None,
    limits: Limits | None = None,
    media_dir: Path | None = None,
    on_progress: Progress | None = None,
    on_ocr: Callable[[], None] | None = None,
) -> Parsed:
    """Return the blocks of the file at `path`, whose type is told from its content unless `kind` is given.

    `name` is what the file was called; it decides between kinds of text that look alike and titles what has no title.
    Images are written to `media_dir`; `on_ocr()` is called before each page or picture that is read by OCR. Raises
    `UnsupportedType`, `UnreadableFile` or `ArchiveBomb`; parts that could not be read are in `errors` of the result. Runs
    in this process: files from outside belong into `parse_in_child`.
    """
    limits = limits or Limits()
    name = name or path.name
    found = require(kind or sniff_file(path, name))
    allowance = Allowance(limits.ocr_seconds, on_ocr or _unheard)
    return _parsed(Request(path, name, found, limits, on_progress or _silent, media_dir, allowance))


def parse_inside(request: Request, path: Path, name: str) -> Parsed:
    """Return the blocks of a file that lay in the file of `request`, under the same limits; raises as `parse` does."""
    if request.depth >= request.limits.max_nesting:
        raise UnreadableFile(f"it lies more than {request.limits.max_nesting} files deep")
    found = require(sniff_file(path, name))
    return _parsed(
        replace(request, path=path, name=name, kind=found, progress=_silent, depth=request.depth + 1)
    )


def _parsed(request: Request) -> Parsed:
    if request.path.stat().st_size == 0:
        raise UnreadableFile("the file is empty")
    parser = parser_for(request.kind)
    if request.kind in _ZIPPED:
        _check_container(request.path, request.limits)
    draft = Draft(kind=request.kind.value)
    _guarded(lambda: parser(request, draft))
    return _finished(draft, request.limits, request.name)


def _check_container(path: Path, limits: Limits) -> None:
    with path.open("rb") as file:
        if file.read(4) == _OLE:
            raise UnreadableFile("the file is protected by a password; save it without one")
    check_archive(path, limits)


def _guarded(run: Callable[[], None]) -> None:
    """Run a parser and turn whatever a damaged file makes its library raise into a refusal."""
    try:
        run()
    except (ParseError, MemoryError):
        raise
    except RecursionError as error:
        raise UnreadableFile("the file is nested too deeply") from error
    except Exception as error:
        raise UnreadableFile(f"the file is damaged or not what it says ({type(error).__name__})") from error
    except BaseException as error:
        # What a library written in Rust raises where it gave up is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableFile("the file is damaged or not what it says") from error


def _finished(draft: Draft, limits: Limits, name: str) -> Parsed:
    """Return the parsed document with its texts cleaned; refuses one without any text and one with far too much."""
    blocks = tuple(_cleaned(block) for block in draft.blocks)
    characters = sum(len(block.text) for block in blocks)
    if characters > limits.max_characters:
        raise UnreadableFile(f"the file holds more than {limits.max_characters} characters of text")
    if not any(block.text.strip() for block in blocks):
        _refuse_empty(draft)
    blocks, media = with_captions(blocks, draft.media)
    title = clean(draft.title).strip() or next((b.text for b in blocks if b.kind == "heading"), "")
    sample = "\n".join(block.text for block in blocks[:200])[:20_000]
    return Parsed(
        kind=draft.kind,
        blocks=blocks,
        title=(" ".join(title.split()) or _stem(name))[:255],
        page_count=draft.page_count,
        language=detect_language(sample),
        errors=tuple(draft.errors),
        media=media,
    )


def _refuse_empty(draft: Draft) -> None:
    if draft.errors:
        first = draft.errors[0]
        raise UnreadableFile(_summary(draft), page=first.page, sheet=first.sheet, row=first.row)
    if draft.media or any(block.kind == "image" for block in draft.blocks):
        if has_ocr():
            raise UnreadableFile("no text can be read on the images of the file")
        raise UnreadableFile(f"the file holds only images; {OCR_ADVICE}")
    raise UnreadableFile("the file holds no text")


def _summary(draft: Draft) -> str:
    """Return what went wrong with every part of a file, naming the pages that share a reason together."""
    pages = [problem.page for problem in draft.errors if problem.code == "no_text_layer" and problem.page]
    if pages:
        return f"{_pages(pages)} without a text layer (scanned); {OCR_ADVICE}"
    scanned = [p.page for p in draft.errors if p.code in ("no_text_found", "ocr_time") and p.page]
    if scanned:
        return f"no text could be read on {_pages(scanned)} (scanned)"
    return "; ".join(dict.fromkeys(problem.message for problem in draft.errors[:5]))


def _pages(pages: list[int]) -> str:
    """Return page numbers in words, runs joined: `pages 1–3, 7`."""
    runs: list[list[int]] = []
    for page in sorted(set(pages)):
        if runs and runs[-1][1] == page - 1:
            runs[-1][1] = page
        else:
            runs.append([page, page])
    words = [str(low) if low == high else f"{low}–{high}" for low, high in runs[:50]]
    return f"page{'s' if len(set(pages)) > 1 else ''} {', '.join(words)}"


def _cleaned(block: Block) -> Block:
    return replace(
        block, text=clean(block.text), section_path=tuple(clean(section) for section in block.section_path)
    )


def _stem(name: str) -> str:
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return clean(last.rsplit(".", 1)[0] if "." in last[1:] else last)


def _silent(done: int, total: int) -> None:
    """Ignore progress."""


def _unheard() -> None:
    """Tell nobody."""
