"""Shapes of events: frozen dataclasses with a past-tense name and ids only, and who listens."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeAlias, TypeVar


@dataclass(frozen=True)
class Event:
    """Something that has happened to a tenant's things; `name` is its name on the wire (api.md 12)."""

    name: ClassVar[str]

    def payload(self) -> dict[str, Any]:
        """Return the event's data, JSON-able."""
        return asdict(self)


Consumer: TypeAlias = Callable[[dict[str, Any]], None]

E = TypeVar("E", bound=type[Event])
_kinds: dict[str, type[Event]] = {}
_consumers: dict[str, list[tuple[str, Consumer]]] = {}


def event(kind: E) -> E:
    """Register the decorated event class."""
    _kinds[kind.name] = kind
    return kind


def kinds() -> dict[str, type[Event]]:
    """Return all registered event classes by wire name."""
    return dict(_kinds)


def consumer(*names: str, by: str) -> Callable[[Consumer], Consumer]:
    """Register the decorated function to be called, at least once, for each event of these names.

    `by` names the consumer: what it has handled is remembered under this name.
    """

    def register(function: Consumer) -> Consumer:
        for name in names:
            _consumers.setdefault(name, []).append((by, function))
        return function

    return register


def consumers(name: str) -> list[tuple[str, Consumer]]:
    """Return the consumers of an event, each with its name."""
    return list(_consumers.get(name, []))
