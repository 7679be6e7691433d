"""Names that are spelt in more than one way."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from knowledge.services.checking.entries import Entry

_NAME = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*(?![A-Za-z0-9])")
_SHORTEST = 3


def spellings(entries: Iterable[Entry]) -> Iterator[tuple[Entry, str, str]]:
    """Yield entries with a name as they spell it and as it is spelt most often; a capital at its start is no difference."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    where: dict[str, list[tuple[Entry, str]]] = defaultdict(list)
    for entry in entries:
        for form in dict.fromkeys(_NAME.findall(entry.text)):
            key = form.replace("-", "").lower()
            if len(key) < _SHORTEST:
                continue
            counted[key][_plain(form)] += 1
            where[key].append((entry, form))
    for key, forms in counted.items():
        if len(forms) < 2:
            continue
        usual = max(forms, key=lambda form: (forms[form], form))
        for entry, form in where[key]:
            if _plain(form) != usual:
                yield entry, form, usual


def _plain(form: str) -> str:
    """Return a name without the capital that begins a sentence, and as itself when it has others."""
    return form.lower() if form[1:].islower() or form.isupper() or form.islower() else form
