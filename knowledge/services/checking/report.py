"""The quality report of api.md 6.2."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from kimono.lib.errors import Missing
from kimono.lib.masking import first_masked, mask
from knowledge.models import Document, Version
from knowledge.services.checking import comparing, wording
from knowledge.services.checking.entries import Entry, on_show

MOST_ISSUES = 500
_SHORT_ANSWER = 10
_SNIPPET = 80


@dataclass(frozen=True)
class Issue:
    """One thing that is wrong with an entry; a pair's id stands where a chunk's would, with the index 0."""

    chunk_index: int
    chunk_id: str
    issue_type: str
    detail: str
    snippet: str


@dataclass
class Report:
    """What was found, by kind. Contradictions and answers that say too little are among the terms: they have no list."""

    total_chunks: int
    duplicates: list[Issue] = field(default_factory=list)
    terms: list[Issue] = field(default_factory=list)
    sensitive: list[Issue] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        """Return the QualityReport of api.md 6.2; the last three lists repeat the first three."""
        lists = [
            [asdict(issue) for issue in issues] for issues in (self.duplicates, self.terms, self.sensitive)
        ]
        return {
            "total_chunks": self.total_chunks,
            "summary": self._summary(),
            **dict(zip(("duplicate_issues", "term_issues", "sensitive_issues"), lists, strict=True)),
            **dict(zip(("duplicates", "term_violations", "sensitive_hits"), lists, strict=True)),
            "error": None,
        }

    def _summary(self) -> str:
        counted = [
            (len(self.duplicates), "处重复"),
            (len(self.terms), "处不一致"),
            (len(self.sensitive), "处敏感信息"),
        ]
        parts = [f"{count} {words}" for count, words in counted if count]
        return (
            f"发现 {sum(count for count, _ in counted)} 个问题：{'，'.join(parts)}" if parts else "未发现问题"
        )


def check_named(*, source: str | None = None, doc_id: str | None = None) -> Report:
    """Check one document against all that is on show, or all of it. Raises `Missing`."""
    if source is None and doc_id is None:
        return check()
    given = {"source": source, "public_id": doc_id}
    document = (
        Document.objects.select_related("current_version")
        .filter(**{name: value for name, value in given.items() if value is not None})
        .exclude(status=Document.Status.DELETED)
        .first()
    )
    if document is None or document.current_version is None:
        raise Missing
    return check(version=document.current_version)


def check(*, version: Version | None = None) -> Report:
    """Check the chunks of a version against all that is on show, or all of it against itself.

    It is read one entry after the other, twice where names are spelt in more than one way: what is kept of an entry is a
    kilobyte or so.
    """
    of = None if version is None else frozenset(version.chunks.values_list("public_id", flat=True))
    report, short = Report(total_chunks=0), list[Issue]()
    repeated, statements, names = comparing.Duplicates(), comparing.Statements(), wording.Spellings()
    for entry in on_show(besides=version):
        statements.take(entry)
        names.take(entry)
        other = repeated.take(entry)
        if of is None or entry.id in of:
            report.total_chunks += 1
            _add(report.duplicates, _duplicates(entry, other))
            _add(report.sensitive, _sensitive(entry))
            _add(short, _short(entry))
    _add(report.terms, _contradictions(statements, of))
    _add(report.terms, _spellings(names.usual(), version, of))
    _add(report.terms, short)
    return report


def _add(found: list[Issue], more: Iterable[Issue]) -> None:
    """Add issues until there are enough; no more are looked for then."""
    if len(found) < MOST_ISSUES:
        found.extend(islice(more, MOST_ISSUES - len(found)))


def _issue(entry: Entry, kind: str, detail: str, snippet: str | None = None) -> Issue:
    shown = mask(entry.text if snippet is None else snippet)[:_SNIPPET]
    return Issue(entry.index, entry.id, kind, mask(detail)[:300], shown)


def _duplicates(entry: Entry, other: tuple[Entry, str] | None) -> Iterator[Issue]:
    if other is not None:
        yield _issue(entry, "duplicate", f"与“{other[0].name}”{other[1]}（{other[0].id}）")


def _contradictions(statements: comparing.Statements, of: Collection[str] | None) -> Iterator[Issue]:
    for entry, other, reason in statements.contradictions(of=of):
        if of is None or entry.id in of:
            yield _issue(entry, "term_inconsistency", f"与“{other.name}”矛盾，{reason}（{other.id}）")


def _spellings(
    usual: Mapping[str, str], version: Version | None, of: Collection[str] | None
) -> Iterator[Issue]:
    if usual:
        for entry in on_show(besides=version):
            if of is None or entry.id in of:
                for form, often in wording.unusual(entry, usual):
                    yield _issue(entry, "term_inconsistency", f"“{form}”多写作“{often}”", form)


def _short(entry: Entry) -> Iterator[Issue]:
    if entry.question and len(entry.text.strip()) < _SHORT_ANSWER:
        yield _issue(entry, "term_inconsistency", "答案过短，可能帮不上忙")


def _sensitive(entry: Entry) -> Iterator[Issue]:
    snippet = first_masked(entry.text)
    if snippet:
        yield _issue(entry, "sensitive_word", "含有个人信息或密钥", snippet)
