"""Names that are spelt in more than one way."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from knowledge.services.checking.entries import Entry

_NAME = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*(?![A-Za-z0-9])")
_SHORTEST = 3


class Spellings:
    """Counts how names are spelt; a capital at the start of one is no difference."""

    def __init__(self) -> None:
        self._counted: dict[str, Counter[str]] = defaultdict(Counter)

    def take(self, entry: Entry) -> None:
        """Take the next entry."""
        for key, form in _names(entry):
            self._counted[key][_plain(form)] += 1

    def usual(self) -> dict[str, str]:
        """Return the names that are spelt in more than one way, each with its most frequent spelling."""
        return {
            key: max(forms, key=lambda form: (forms[form], form))
            for key, forms in self._counted.items()
            if len(forms) > 1
        }


def unusual(entry: Entry, usual: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the names that an entry spells otherwise than `usual` says, each with how it is spelt most often."""
    for key, form in _names(entry):
        if key in usual and _plain(form) != usual[key]:
            yield form, usual[key]


def _names(entry: Entry) -> Iterator[tuple[str, str]]:
    for form in dict.fromkeys(_NAME.findall(entry.text)):
        key = form.replace("-", "").lower()
        if len(key) >= _SHORTEST:
            yield key, form


def _plain(form: str) -> str:
    """Return a name without the capital that begins a sentence, and as itself when it has others."""
    return form.lower() if form[1:].islower() or form.isupper() or form.islower() else form
