"""The sets: a small one of our own beside the demo's knowledge, and public ones where they lie beside the checkout."""

import importlib.util
import json
import random
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
# Public sets are read in place and are never part of the product: some have no licence.
SHARED = CHECKOUT.parent / "shared"
_OWN = Path(__file__).resolve().parent / "own"
_DEMO = CHECKOUT / "kimono" / "demo" / "content"
# Questions, with the knowledge that they are asked of: the demo's, and a shop of another kind.
OWN = {
    "own_zh_rental": ("zh_rental", _DEMO / "kimono-rental" / "qa_pairs.json"),
    "own_en_helpdesk": ("en_helpdesk", _DEMO / "it-helpdesk" / "qa_pairs.json"),
    "own_en_outdoor": ("en_outdoor", _OWN / "en_outdoor_knowledge.jsonl"),
}


@dataclass(frozen=True)
class QuestionSet:
    """What is to be indexed, what is asked of it with the entries that answer, and what nothing answers, by kind.

    `answers`: the words that answer a question, in any of several wordings, where a set of documents tells them.
    """

    name: str
    knowledge: list[dict[str, Any]]
    asked: list[tuple[str, list[str]]]
    negatives: dict[str, list[str]] = field(default_factory=dict)
    answers: dict[str, list[str]] = field(default_factory=dict)

    @property
    def as_documents(self) -> bool:
        """Tell whether the entries are texts to be uploaded."""
        return "_rag_" in self.name

    @property
    def questions(self) -> list[str]:
        """Return every question, each once."""
        every = [query for query, _ in self.asked] + [
            query for kind in self.negatives.values() for query in kind
        ]
        return list(dict.fromkeys(every))

    def sampled(self, most: int) -> "QuestionSet":
        """Return it with `most` questions of each kind at most, the same ones each time."""
        draw = random.Random(5)
        return replace(
            self,
            asked=draw.sample(self.asked, min(most, len(self.asked))),
            negatives={
                kind: draw.sample(queries, min(most, len(queries)))
                for kind, queries in self.negatives.items()
            },
        )


def names() -> list[str]:
    """Return the sets that are there."""
    return [*OWN, *(_tool().SETS if _tool_path().exists() else ())]


def load(name: str) -> QuestionSet:
    """Return a set by its name."""
    if name in OWN:
        return own(name)
    knowledge, asked, negatives = _tool().load(name, SHARED / "data")
    asked = [(each["query"], each["gold"]) for each in asked]
    return QuestionSet(name, knowledge, asked, negatives, _answers(SHARED / "data" / name / "queries.jsonl"))


def _answers(path: Path) -> dict[str, list[str]]:
    if not path.exists():
        return {}
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {row["query"]: row["answers"] for row in rows if row.get("answers")}


def own(name: str) -> QuestionSet:
    """Return a set of our own: an entry is called by its question."""
    questions, where = OWN[name]
    text = where.read_text(encoding="utf-8")
    pairs = json.loads(text) if where.suffix == ".json" else [*map(json.loads, text.splitlines())]
    knowledge = [
        {
            "id": pair["question"],
            "question": pair["question"],
            "similar": pair.get("similar_questions", []),
            "answer": pair["answer"],
            "keywords": pair.get("keywords", []),
        }
        for pair in pairs
    ]
    lines = (_OWN / f"{questions}.jsonl").read_text(encoding="utf-8").splitlines()
    asked: list[tuple[str, list[str]]] = []
    negatives: dict[str, list[str]] = {}
    for row in map(json.loads, lines):
        if "gold" in row:
            asked.append((row["query"], row["gold"]))
        else:
            negatives.setdefault(row["kind"], []).append(row["query"])
    return QuestionSet(name, knowledge, asked, negatives)


def _tool_path() -> Path:
    return SHARED / "tools" / "quality.py"


def _tool() -> Any:
    spec = importlib.util.spec_from_file_location("shared_quality", _tool_path())
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
