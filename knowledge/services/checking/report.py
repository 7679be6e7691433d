"""The quality report of api.md 6.2."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from kimono.lib.errors import Missing
from kimono.lib.masking import first_masked, mask
from knowledge.models import Document, Version
from knowledge.services.checking import comparing, wording
from knowledge.services.checking.entries import Entry, of_version, on_show

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
    """Check the chunks of a version against all that is on show, or all of it against itself."""
    everything = list(on_show(besides=version))
    own = everything if version is None else of_version(version)
    wanted = frozenset(entry.id for entry in own)
    report = Report(total_chunks=len(own))
    # What is asked about comes last, so that it is found to repeat the others and not they to repeat it.
    ordered = sorted(everything, key=lambda entry: entry.id in wanted) if version is not None else everything
    report.duplicates = _limited(_duplicates(ordered, wanted))
    report.terms = _limited(_inconsistent(ordered, wanted))
    report.sensitive = _limited(_sensitive(own))
    return report


def _limited(issues: Iterator[Issue]) -> list[Issue]:
    found: list[Issue] = []
    for issue in issues:
        if len(found) == MOST_ISSUES:
            break
        found.append(issue)
    return found


def _issue(entry: Entry, kind: str, detail: str, snippet: str | None = None) -> Issue:
    shown = mask(entry.text if snippet is None else snippet)[:_SNIPPET]
    return Issue(entry.index, entry.id, kind, mask(detail)[:300], shown)


def _duplicates(entries: Sequence[Entry], wanted: frozenset[str]) -> Iterator[Issue]:
    for entry, other, how in comparing.duplicates(entries):
        if entry.id in wanted:
            yield _issue(entry, "duplicate", f"与“{other.name}”{how}（{other.id}）")


def _inconsistent(entries: Sequence[Entry], wanted: frozenset[str]) -> Iterator[Issue]:
    for entry, other, reason in comparing.contradictions(entries):
        if entry.id in wanted:
            yield _issue(entry, "term_inconsistency", f"与“{other.name}”矛盾，{reason}（{other.id}）")
    for entry, form, usual in wording.spellings(entries):
        if entry.id in wanted:
            yield _issue(entry, "term_inconsistency", f"“{form}”多写作“{usual}”", form)
    for entry in entries:
        if entry.id in wanted and entry.question and len(entry.text.strip()) < _SHORT_ANSWER:
            yield _issue(entry, "term_inconsistency", "答案过短，可能帮不上忙")


def _sensitive(entries: Sequence[Entry]) -> Iterator[Issue]:
    for entry in entries:
        snippet = first_masked(entry.text)
        if snippet:
            yield _issue(entry, "sensitive_word", "含有个人信息或密钥", snippet)
