"""JSON that is valid against a schema and as sensible as simple rules make it."""

import re
from collections.abc import Mapping, Sequence

from kimono.providers.standin.answering import LEAST_LIKENESS, answer, grounded
from kimono.providers.standin.reading import Reading, likeness

# Words of a message, and the names an intent of that kind goes by, the most telling first.
_INTENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        r"人工|真人|转接|客服(人员|专员)|\bhuman\b|real person|\bagent\b|representative",
        ("transfer_to_human", "human", "handoff", "request_human"),
    ),
    (r"投诉|举报|complain", ("complaint", "ticket", "emotion_sensitive", "dissatisfaction")),
    (
        r"垃圾|太差|生气|气死|失望|骗|terrible|awful|angry|useless|worst",
        ("emotion_sensitive", "dissatisfaction", "complaint"),
    ),
    (
        r"订单|物流|快递到|会员|积分|余额|\border\b|tracking|membership|points",
        ("business_query", "business", "order_query", "order"),
    ),
    (
        r"^(你好|您好|嗨|哈喽|在吗|谢谢|再见|hi\b|hello\b|hey\b|thanks|thank you|bye)",
        ("chitchat", "greeting", "smalltalk"),
    ),
    (r"", ("knowledge_qa", "knowledge", "knowledge_question", "faq", "question")),
)
_QUESTION_NAMES = frozenset(
    {
        "question",
        "query",
        "rewritten",
        "rewritten_query",
        "rewritten_question",
        "rewrite",
        "standalone",
        "standalone_question",
        "search_query",
    }
)
_ANSWER_NAMES = frozenset({"answer", "reply", "text", "response", "sentence", "claim"})
_NUMBERS_NAMES = frozenset({"citations", "sources", "source_ids", "ids"})
_NUMBER_NAMES = frozenset({"source", "source_id", "citation", "n", "id"})
# A source that has this share of the question's features answers it.
_ANSWERS = 0.5


def instance(schema: Mapping[str, object], reading: Reading) -> object:
    """Return a value for the schema: the intent guessed, the question repeated, answers taken from the sources."""
    return _Maker(schema, reading).value(schema, name="", cited=None)


def guess_intent(text: str, allowed: Sequence[object]) -> object:
    """Return the allowed intent whose words are in the text, or the first one."""
    lowered = text.strip().lower()
    for pattern, names in _INTENTS:
        if re.search(pattern, lowered):
            for name in names:
                if name in allowed:
                    return name
    return allowed[0]


class _Maker:
    def __init__(self, root: Mapping[str, object], reading: Reading) -> None:
        self._root = root
        self._reading = reading

    def value(self, schema: object, *, name: str, cited: tuple[int, str] | None) -> object:
        """Return a value for one part of the schema; `cited` is the sentence an array item is about."""
        if not isinstance(schema, Mapping):
            return None
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        allowed = schema.get("enum")
        if isinstance(allowed, list) and allowed:
            return self._chosen(name, allowed)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        return self._of_kind(
            str(kind or ("object" if "properties" in schema else "null")), schema, name, cited
        )

    def _of_kind(
        self, kind: str, schema: Mapping[str, object], name: str, cited: tuple[int, str] | None
    ) -> object:
        if kind == "object":
            parts = schema.get("properties")
            parts = parts if isinstance(parts, Mapping) else {}
            return {str(key): self.value(part, name=str(key), cited=cited) for key, part in parts.items()}
        if kind == "array":
            return self._items(schema, name, cited)
        if kind == "string":
            return self._text(schema, name, cited)
        if kind in {"integer", "number"}:
            return self._number(kind, schema, name, cited)
        return False if kind == "boolean" else None

    def _resolved(self, schema: Mapping[str, object]) -> Mapping[str, object]:
        for word in ("anyOf", "oneOf", "allOf"):
            options = schema.get(word)
            if isinstance(options, list) and options and isinstance(options[0], Mapping):
                return self._resolved(options[0])
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        target: object = self._root
        for part in reference[2:].split("/"):
            target = target.get(part) if isinstance(target, Mapping) else None
        return self._resolved(target) if isinstance(target, Mapping) else {}

    def _chosen(self, name: str, allowed: list[object]) -> object:
        if "intent" in name:
            return guess_intent(self._reading.question, allowed)
        if "language" in name:
            wanted = "zh" if self._reading.chinese else "en"
            return wanted if wanted in allowed else allowed[0]
        if name == "verdict":
            best, _ = self._nearest()
            place = 0 if best >= _ANSWERS else -1 if best < LEAST_LIKENESS else len(allowed) // 2
            return allowed[place]
        # Where "none of them" may be said it is, for want of a reason for any.
        return None if None in allowed else allowed[0]

    def _nearest(self) -> tuple[float, int]:
        """Return how near the nearest source is to the question, and its number; 0 when there is none."""
        sources, question = self._reading.sources, self._reading.question
        return max(((likeness(question, one.text), one.number) for one in sources), default=(0.0, 0))

    def _items(self, schema: Mapping[str, object], name: str, cited: tuple[int, str] | None) -> list[object]:
        part = schema.get("items", {})
        least, most = _whole(schema.get("minItems"), 0), _whole(schema.get("maxItems"), 3)
        if cited is not None:
            about = [cited] if name in _NUMBERS_NAMES or least else []
        else:
            about = (
                grounded(self._reading) if isinstance(part, Mapping) and self._is_cited(part, name) else []
            )
        made = [self.value(part, name=name.removesuffix("s"), cited=one) for one in about[:most]]
        while len(made) < least:
            made.append(self.value(part, name=name.removesuffix("s"), cited=cited))
        return made

    def _is_cited(self, part: Mapping[str, object], name: str) -> bool:
        parts = self._resolved(part).get("properties")
        names = set(parts) if isinstance(parts, Mapping) else {name, name.removesuffix("s")}
        return bool(names & (_ANSWER_NAMES | _NUMBERS_NAMES | _NUMBER_NAMES))

    def _text(self, schema: Mapping[str, object], name: str, cited: tuple[int, str] | None) -> str:
        if "intent" in name:
            text = str(guess_intent(self._reading.question, [names[0] for _, names in _INTENTS]))
        elif name in _QUESTION_NAMES:
            text = self._reading.question
        elif name in _ANSWER_NAMES:
            text = cited[1] if cited else answer(self._reading)
        elif "language" in name:
            text = "zh" if self._reading.chinese else "en"
        else:
            text = ""
        least, most = _whole(schema.get("minLength"), 0), _whole(schema.get("maxLength"), len(text))
        return (text + "-" * (least - len(text)))[: max(least, most)]

    def _number(
        self, kind: str, schema: Mapping[str, object], name: str, cited: tuple[int, str] | None
    ) -> float | int:
        number: float = 0.9 if kind == "number" else 0
        if cited is not None and name in _NUMBER_NAMES | {one.removesuffix("s") for one in _NUMBERS_NAMES}:
            number = cited[0]
        elif cited is None and name == "source":
            best, nearest = self._nearest()
            number = nearest if best >= LEAST_LIKENESS else 0
        low, high = schema.get("minimum"), schema.get("maximum")
        if isinstance(low, int | float):
            number = max(number, low)
        if isinstance(high, int | float):
            number = min(number, high)
        return int(number) if kind == "integer" else number


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) else default
