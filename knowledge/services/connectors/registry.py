"""The kinds of connector there are, by the name that `business.adapter` of the settings gives them."""

from collections.abc import Callable

from kimono.lib.errors import Invalid
from knowledge.services.connectors.demo import DemoConnector
from knowledge.services.connectors.protocol import Connector

_factories: dict[str, Callable[[], Connector]] = {}


class UnknownAdapter(Invalid):
    """No connector of that name exists."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no adapter {name!r}", loc=["body", "business", "adapter"])


def register(name: str, factory: Callable[[], Connector]) -> None:
    """Add a kind of connector; a later one of the same name takes its place."""
    _factories[name] = factory


def connect(name: str) -> Connector:
    """Return a connector of the kind `name`. Raises `UnknownAdapter` when there is none."""
    if name not in _factories:
        raise UnknownAdapter(name)
    return _factories[name]()


def adapters() -> list[str]:
    """Return the names of the kinds there are."""
    return sorted(_factories)


register("demo", DemoConnector)
