"""The documents of the house as tests read them, and the list of routes that one of them holds.

`python -m tests.guards.documents` writes the list of routes anew.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

from kimono.providers.config import from_environment

CHECKOUT = Path(__file__).resolve().parent.parent.parent
NAMES = sorted(
    str(path.relative_to(CHECKOUT)) for path in [*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md")]
)
ROUTES = "docs/reference/api.md"
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_TABLE = re.compile(r"(?<=<!-- routes -->\n).*(?=<!-- end of routes -->)", re.DOTALL)


@dataclass(frozen=True)
class Document:
    """One Markdown file; `name` is its path in the checkout."""

    name: str

    @property
    def text(self) -> str:
        """Return all of it."""
        return (CHECKOUT / self.name).read_text(encoding="utf-8")

    @property
    def prose(self) -> str:
        """Return it without fenced blocks."""
        return _FENCE.sub("", self.text)

    @property
    def spans(self) -> list[str]:
        """Return what stands between backticks."""
        return _SPAN.findall(self.prose)

    @property
    def links(self) -> list[str]:
        """Return the targets of its links, those to other sites left out."""
        return [target for target in _LINK.findall(self.prose) if "://" not in target]

    @property
    def anchors(self) -> set[str]:
        """Return the anchors of its headings, as GitHub makes them."""
        return {_slug(heading) for heading in _HEADING.findall(self.prose)}

    @property
    def headings(self) -> int:
        """Return how many headings it has."""
        return len(_HEADING.findall(self.prose))

    def blocks(self, language: str) -> list[str]:
        """Return the fenced blocks in a language."""
        return [dedent(body) for _, found, body in _FENCE.findall(self.text) if found == language]

    @property
    def commands(self) -> list[str]:
        """Return every line of its shell blocks."""
        lines = "\n".join(self.blocks("sh")).splitlines()
        return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]


def variables_of_providers() -> set[str]:
    """Return every variable that the configuration of models and of their export asks for."""
    asked: set[str] = set()
    said = {
        "_BASE_URL": "standin:",
        "DIMENSIONS": "384",
        "_MODEL": "m",
        "LANGFUSE_ENABLED": "1",
        "LANGFUSE_PUBLIC_KEY": "p",
        "LANGFUSE_SECRET_KEY": "s",
    }

    class Listening(dict[str, str]):
        def get(self, key: str, default: Any = None) -> Any:
            asked.add(key)
            return said.get(next((end for end in said if key.endswith(end)), ""), default)

    from_environment(Listening())
    return asked


def _slug(heading: str) -> str:
    plain = re.sub(r"[`*]|\[|\]\([^)]*\)", "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


@dataclass(frozen=True, order=True)
class Route:
    """One operation of the API, as the OpenAPI documents have it."""

    id: str
    method: str
    path: str
    does: str = field(compare=False)


def routes() -> dict[Route, str]:
    """Return every route with the hosts that serve it: both, merchant or platform."""
    on = {host: set(_routes_of(urlconf)) for host, urlconf in _HOSTS.items()}
    every = sorted(on["merchant"] | on["platform"])
    return {route: _hosts(route, on) for route in every}


_HOSTS = {"merchant": "kimono.urls", "platform": "kimono.urls_platform"}


def _hosts(route: Route, on: dict[str, set[Route]]) -> str:
    names = [host for host, served in on.items() if route in served]
    return "both" if len(names) == 2 else names[0]


def _routes_of(urlconf: str) -> Iterator[Route]:
    from django.urls import resolve, set_urlconf

    view: Any = resolve("/api/v1/openapi.json", urlconf=urlconf).func
    # The document's own paths are made by name, and names belong to a host.
    set_urlconf(urlconf)
    paths = view.keywords["api"].get_openapi_schema()["paths"]
    set_urlconf(None)
    for path, methods in paths.items():
        for method, operation in methods.items():
            yield Route(
                operation["operationId"],
                method.upper(),
                path,
                operation.get("description", "").partition("\n")[0],
            )


def table(found: dict[Route, str]) -> str:
    """Return the routes as a Markdown table."""
    rows = ["| Id | Method | Path | What | Host |", "|---|---|---|---|---|"]
    rows += [
        f"| {route.id} | {route.method} | `{route.path}` | {route.does} | {host} |"
        for route, host in found.items()
    ]
    return "\n".join(rows) + "\n"


def written() -> dict[Route, str]:
    """Return the routes as the document has them."""
    rows = re.findall(
        r"^\| (\S+) \| (\S+) \| `(\S+)` \| (.*) \| (\w+) \|$", Document(ROUTES).text, re.MULTILINE
    )
    return {Route(*row[:4]): row[4] for row in rows}


def main() -> None:
    """Write the table of routes into its document."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "kimono.settings"
    os.environ.setdefault("KIMONO_PROFILE", "test")
    import django

    django.setup()
    target = CHECKOUT / ROUTES
    target.write_text(
        _TABLE.sub(lambda _: table(routes()), target.read_text(encoding="utf-8")), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
