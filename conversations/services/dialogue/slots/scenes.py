"""A scene and the JSON Schema of its slots: the part of draft 2020-12 that a conversation can fill."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from conversations.services.dialogue.phrases import Language, say
from kimono.lib.errors import Invalid
from knowledge.services.connectors import SceneTemplate

SlotKind = Literal["order", "phone", "email", "date", "time", "amount", "integer", "boolean", "enum", "text"]
Then = str  # retrieve | handoff | tool:<connector>.<tool>

_TOP_KEYWORDS = {"$schema", "type", "title", "description", "properties", "required", "additionalProperties"}
_SLOT_KEYWORDS = {
    "type", "title", "description", "enum", "const", "default", "examples", "format", "pattern", "minLength",
    "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
}  # fmt: skip
_TYPES = ("string", "number", "integer", "boolean")
_FORMATS = ("date", "phone")
_X_KINDS = ("order", "email", "time", "amount", "text")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_MAX_SLOTS = 20
_MAX_PATTERN = 200
_UNBOUNDED = re.compile(r"[*+]|\{\d*,\d*\}")


class SchemaRefused(Invalid):
    """The schema of a scene is no JSON Schema, or uses what a conversation cannot fill; `loc` is the path."""

    def __init__(self, message: str, path: Sequence[str | int]) -> None:
        super().__init__(message, loc=["body", "schema", *path], type="json_schema")


@dataclass(frozen=True)
class Slot:
    """One value that a scene asks for, read out of its property."""

    name: str
    kind: SlotKind
    schema: Mapping[str, Any]

    @property
    def pattern(self) -> str | None:
        """Return the regular expression that the value must match."""
        pattern = self.schema.get("pattern")
        return pattern if isinstance(pattern, str) else None

    @property
    def options(self) -> list[str]:
        """Return the values offered, as text; empty when any value will do."""
        return [str(option) for option in self.schema.get("enum", ())]

    @property
    def synonyms(self) -> Mapping[str, Sequence[str]]:
        """Return further names of the options: `x-synonyms` maps an option to a list of names."""
        synonyms = self.schema.get("x-synonyms", {})
        return synonyms if isinstance(synonyms, Mapping) else {}

    @property
    def prefers_past(self) -> bool:
        """Tell whether a date without a year lies behind (`x-prefer: past`), as a date of purchase does."""
        return bool(self.schema.get("x-prefer") == "past")

    def titles(self) -> list[str]:
        """Return every title, in any language: what a value is announced with."""
        titles = [self.schema.get("title"), *(self._in(language).get("title") for language in ("en", "ja"))]
        return [title for title in titles if isinstance(title, str) and title]

    def title(self, language: Language) -> str:
        """Return the title in `language`, else the first one there is, else the name."""
        own = self.schema.get("title") if language == "zh" else self._in(language).get("title")
        return own if isinstance(own, str) and own else next(iter(self.titles()), self.name)

    def question(self, language: Language) -> str:
        """Return the short question for this one value: `x-ask`, or `ask` of `x-en`/`x-ja`, else made of the title."""
        own = self.schema.get("x-ask") if language == "zh" else self._in(language).get("ask")
        return own if isinstance(own, str) and own else say("ask_slot", language, title=self.title(language))

    def _in(self, language: str) -> Mapping[str, Any]:
        translated = self.schema.get(f"x-{language}", {})
        return translated if isinstance(translated, Mapping) else {}


@dataclass(frozen=True)
class Scene:
    """A kind of question that needs values before it can be dealt with; fields as on the wire."""

    scene_id: str
    name: str
    schema: Mapping[str, Any]
    intent: str = "business_query"
    trigger_examples: Sequence[str] = ()
    max_asks: int = 3
    then: Then = "retrieve"
    enabled: bool = True
    slots: Mapping[str, Slot] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        properties = self.schema.get("properties", {})
        slots = {name: Slot(name, _kind(rules), rules) for name, rules in properties.items()}
        object.__setattr__(self, "slots", slots)

    @classmethod
    def from_template(cls, template: SceneTemplate, *, scene_id: str, connector: str) -> "Scene":
        """Return the scene that a connector brings along, ending with its tool."""
        return cls(
            scene_id=scene_id,
            name=template.name,
            schema=template.schema,
            intent=template.intent,
            trigger_examples=tuple(template.trigger_examples),
            max_asks=template.max_asks,
            then=f"tool:{connector}.{template.tool}",
        )

    @property
    def required(self) -> tuple[str, ...]:
        """Return the names of the slots that must be filled, in the order they are asked for."""
        return tuple(self.schema.get("required", ()))


def validate_schema(schema: object) -> None:
    """Refuse what is not a flat JSON Schema 2020-12 object with properties that a conversation can fill.

    Raises `SchemaRefused` (422) whose `loc` is the path of the first fault.
    """
    if not isinstance(schema, Mapping):
        raise SchemaRefused("Input should be an object", ())
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise SchemaRefused(error.message[:300], list(error.absolute_path)) from None
    if schema.get("type") != "object":
        raise SchemaRefused("The schema of a scene has type object", ("type",))
    for keyword in schema:
        if keyword not in _TOP_KEYWORDS and not str(keyword).startswith("x-"):
            raise SchemaRefused(f"Unsupported keyword {keyword}", (str(keyword),))
    properties = schema.get("properties", {})
    if len(properties) > _MAX_SLOTS:
        raise SchemaRefused(f"At most {_MAX_SLOTS} properties", ("properties",))
    for name, rules in properties.items():
        _validate_slot(name, rules)
    for index, name in enumerate(schema.get("required", ())):
        if name not in properties:
            raise SchemaRefused(f"{name} is required but has no property", ("required", index))


def _validate_slot(name: str, rules: object) -> None:
    path = ("properties", name)
    if not _NAME.fullmatch(name):
        raise SchemaRefused("A slot's name is letters, digits and underscores", path)
    if not isinstance(rules, Mapping):
        raise SchemaRefused("Input should be an object", path)
    for keyword in rules:
        if keyword not in _SLOT_KEYWORDS and not str(keyword).startswith("x-"):
            raise SchemaRefused(f"Unsupported keyword {keyword}", (*path, str(keyword)))
    if rules.get("type") not in _TYPES:
        raise SchemaRefused(f"type is one of {', '.join(_TYPES)}", (*path, "type"))
    if rules.get("format", "date") not in _FORMATS:
        raise SchemaRefused(f"format is one of {', '.join(_FORMATS)}", (*path, "format"))
    if rules.get("x-kind", "text") not in _X_KINDS:
        raise SchemaRefused(f"x-kind is one of {', '.join(_X_KINDS)}", (*path, "x-kind"))
    if "enum" in rules and (
        not rules["enum"] or not all(isinstance(option, str | int | float) for option in rules["enum"])
    ):
        raise SchemaRefused("enum is a list of at least one text or number", (*path, "enum"))
    _validate_pattern(rules.get("pattern"), (*path, "pattern"))


def _validate_pattern(pattern: object, path: Sequence[str | int]) -> None:
    """Refuse a pattern that does not compile or whose repeated groups could take exponential time."""
    if pattern is None:
        return
    if not isinstance(pattern, str) or len(pattern) > _MAX_PATTERN:
        raise SchemaRefused(f"pattern is a text of at most {_MAX_PATTERN} characters", path)
    try:
        re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        raise SchemaRefused("pattern is no regular expression", path) from None
    if _could_run_forever(pattern):
        raise SchemaRefused("pattern repeats a group that itself repeats or branches", path)


def _could_run_forever(pattern: str) -> bool:
    """Tell whether a group that is repeated without bound holds a repetition or an alternative."""
    plain = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]])*\]", "a", pattern)
    starts: list[int] = []
    for position, character in enumerate(plain):
        if character == "(":
            starts.append(position)
        elif character == ")" and starts:
            inside = plain[starts.pop() + 1 : position]
            if _UNBOUNDED.match(plain, position + 1) and ("|" in inside or _UNBOUNDED.search(inside)):
                return True
    return False


def _kind(rules: Mapping[str, Any]) -> SlotKind:
    kind: SlotKind
    declared = rules.get("x-kind")
    if rules.get("enum"):
        kind = "enum"
    elif rules.get("type") == "boolean":
        kind = "boolean"
    elif rules.get("type") == "integer":
        kind = "integer"
    elif rules.get("type") == "number" or declared == "amount":
        kind = "amount"
    elif rules.get("format") == "date":
        kind = "date"
    elif rules.get("format") == "phone":
        kind = "phone"
    elif declared == "email":
        kind = "email"
    elif declared == "time":
        kind = "time"
    elif declared == "order" or (rules.get("pattern") and declared != "text"):
        kind = "order"
    else:
        kind = "text"
    return kind
