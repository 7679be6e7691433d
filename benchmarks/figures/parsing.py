"""What an ingest costs beyond reading its file, how fast files are read, and how soon a bomb is refused."""

import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import Workbook

from benchmarks import memory
from benchmarks.corpus import sentences
from benchmarks.report import Row

if TYPE_CHECKING:
    from tenants.models import Tenant

MOST_RATIO = 1.5
MOST_BOMB_SECONDS = 2.0
_LINES_PER_PAGE = 40
_LONGEST_LINE = 60
_CELLS_ACROSS = 6


@dataclass
class _Times:
    """Seconds for one file: the whole ingest, its embedding, its parsing alone, and its pages."""

    whole: float
    embedding: float
    bare: float
    pages: int


def measure(*, quick: bool) -> list[Row]:
    """Ingest files of several kinds, and read the same ones by their parsers alone."""
    with tempfile.TemporaryDirectory(prefix="kimono-files-") as folder:
        files = _files(Path(folder), 10 if quick else 40)
        timed = _timed(files, 1 if quick else 3)
        rows = [*_ingests(timed), _size()]
    return [*rows, _bombs()]


def _files(folder: Path, pages: int) -> dict[str, Path]:
    """Return files of `pages` pages or as much text, by kind."""
    from tests.providers.parsing.writers import pdf, raw_docx

    dice = random.Random(7)
    texts = [sentence for sentence in sentences() if sentence.isascii()]
    lines = [dice.choice(texts) for _ in range(pages * _LINES_PER_PAGE // 2)]
    pdf_lines = [part for line in lines for part in (line[:_LONGEST_LINE], line[_LONGEST_LINE:]) if part]
    sheets = [
        [
            (text, 10.0, 72.0, 760.0 - 17 * row)
            for row, text in enumerate(pdf_lines[start : start + _LINES_PER_PAGE])
        ]
        for start in range(0, len(pdf_lines), _LINES_PER_PAGE)
    ]
    made = {"pdf": pdf(folder / "bench.pdf", sheets)}
    heads = {number: f"# Part {number // 20}\n\n" for number in range(0, len(lines), 20)}
    markdown = "\n\n".join(f"{heads.get(number, '')}{line}" for number, line in enumerate(lines))
    made["md"] = folder / "bench.md"
    made["md"].write_text(markdown)
    made["html"] = folder / "bench.html"
    made["html"].write_text(
        "<html><body><main>" + "".join(f"<p>{line}</p>" for line in lines) + "</main></body></html>"
    )
    body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in lines)
    made["docx"] = raw_docx(folder / "bench.docx", body)
    book = Workbook()
    for line in lines:
        words = line.split()
        book.active.append(words[:_CELLS_ACROSS])
    made["xlsx"] = folder / "bench.xlsx"
    book.save(made["xlsx"])
    return made


def _timed(files: Mapping[str, Path], times: int) -> dict[str, list[_Times]]:
    """Take every file in, each time under a new name and with other first words, beside its bare parsing."""
    from kimono.lib import db
    from tenants.models import Tenant
    from tenants.services import provisioning
    from tenants.services.auditing import SYSTEM

    provisioning.create(name="bench-parsing", slug="bench-parsing", by=SYSTEM, now_in_process=True)
    with db.public_scope(), db.platform_scope():
        tenant = Tenant.objects.get(slug="bench-parsing")
    # The first of each loads its libraries, as a worker has done long since.
    for kind, path in files.items():
        _once(tenant, path, kind)
    return {kind: [_once(tenant, path, kind) for _ in range(times)] for kind, path in files.items()}


def _once(tenant: "Tenant", path: Path, kind: str) -> _Times:
    from kimono.lib import db
    from kimono.providers.parsing import parse_in_child
    from knowledge.models import Version
    from knowledge.services.documents import uploading
    from tenants.services import jobs
    from tenants.services.auditing import SYSTEM

    bare = _seconds(lambda: parse_in_child(path, path.name))
    with db.tenant_scope(tenant):
        version = uploading.upload(
            content=path.read_bytes(), name=f"{time.monotonic_ns()}.{kind}", by=SYSTEM
        ).version
    with _embedding() as spent:
        whole = _seconds(lambda: jobs.run_next("ingest"))
    with db.tenant_scope(tenant):
        stored = Version.objects.get(pk=version.pk)
        assert stored.is_indexed, stored.errors
        return _Times(whole, sum(spent.seconds), bare, stored.page_count or 1)


class _embedding:
    """Adds up the seconds that the encoder takes while the block runs."""

    def __enter__(self) -> "_embedding":
        from knowledge.services.documents.embedding import Encoder

        self.seconds: list[float] = []
        self._plain = plain = Encoder.vectors

        def timed(encoder: Encoder, texts: Sequence[str]) -> Mapping[str, Sequence[float]]:
            begun = time.perf_counter()
            try:
                return plain(encoder, texts)
            finally:
                self.seconds.append(time.perf_counter() - begun)

        Encoder.vectors = timed  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        from knowledge.services.documents.embedding import Encoder

        Encoder.vectors = self._plain  # type: ignore[method-assign]


def _seconds(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def _ingests(timed: Mapping[str, Sequence[_Times]]) -> list[Row]:
    """Return the kinds together, as a merchant's folder mixes them, and the pages a second of PDF."""
    middle = {
        kind: _Times(
            statistics.median(each.whole for each in times),
            statistics.median(each.embedding for each in times),
            statistics.median(each.bare for each in times),
            times[0].pages,
        )
        for kind, times in timed.items()
    }
    parts = (
        f"{kind} {each.whole - each.embedding:.2f} to {each.bare:.2f} s" for kind, each in middle.items()
    )
    paged = middle["pdf"]
    return [
        Row(
            "ingestion of a file, embedding apart",
            statistics.fmean(each.whole - each.embedding for each in middle.values()),
            "s",
            statistics.fmean(each.bare for each in middle.values()),
            measure="ratio",
            limit=MOST_RATIO,
            note="the job from its claim to the document on show, against parsing alone, both in a limited process:"
            f" {', '.join(parts)}; {paged.pages} pages each. Embedding them took"
            f" {statistics.fmean(each.embedding for each in middle.values()):.2f} s more.",
        ),
        Row(
            "pages a second and worker process",
            paged.pages / paged.whole,
            "pages/s",
            paged.pages / paged.bare,
            note="a PDF of text, embedding included; the floor is its parsing alone.",
        ),
    ]


def _size() -> Row:
    """Return what a process that runs jobs holds, and the most that a parser beside it held."""
    import os

    parser = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    own = memory.megabytes(os.getpid())
    return Row(
        "memory of a worker process at work",
        own + parser,
        "MB",
        note=f"PSS of the process that ran the jobs {own:.0f}, the largest parser beside it {parser:.0f} (resident).",
    )


def _bombs() -> Row:
    """Return the longest time until one of six kinds of bombs and lies is refused."""
    from kimono.providers.parsing import ParseError, parse_in_child
    from tests.providers.parsing import bombs

    makers = (bombs.zip_bomb, bombs.xml_bomb, bombs.pdf_bomb, bombs.image_bomb, bombs.polyglot, bombs.macro)
    took: dict[str, float] = {}
    for make in makers:
        with tempfile.TemporaryDirectory(prefix="kimono-bomb-") as folder:
            path = make(Path(folder))
            begun = time.perf_counter()
            try:
                parse_in_child(path, path.name)
            except ParseError:
                took[make.__name__.removesuffix("_bomb")] = time.perf_counter() - begun
            else:
                raise AssertionError(f"{make.__name__} was taken")
    return Row(
        "a bomb is refused, the slowest of six kinds",
        max(took.values()),
        "s",
        limit=MOST_BOMB_SECONDS,
        note=", ".join(f"{kind} {seconds:.2f}" for kind, seconds in took.items())
        + "; parser's process started anew each time.",
    )
