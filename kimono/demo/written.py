"""What the demo merchants have written: read from `content/`, one folder a merchant."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONTENT = Path(__file__).parent / "content"
SLUGS = ("kimono-rental", "it-helpdesk")


@dataclass(frozen=True)
class Merchant:
    """One demo merchant as written."""

    slug: str
    tenant: dict[str, Any]
    settings: dict[str, Any]
    pairs: list[dict[str, Any]]
    scenes: list[dict[str, Any]]
    canned_replies: list[dict[str, str]]
    documents: list[Path]
    folder: Path | None


def merchants() -> list[Merchant]:
    """Return the demo merchants, the default one first."""
    return [_merchant(slug) for slug in SLUGS]


def _merchant(slug: str) -> Merchant:
    here = CONTENT / slug
    folder = here / "folder"
    return Merchant(
        slug=slug,
        tenant=_json(here / "tenant.json"),
        settings=_json(here / "settings.json"),
        pairs=_json(here / "qa_pairs.json"),
        scenes=_json(here / "scenes.json"),
        canned_replies=_json(here / "canned_replies.json"),
        documents=sorted((here / "documents").iterdir()),
        folder=folder if folder.is_dir() else None,
    )


def templates() -> list[dict[str, Any]]:
    """Return the platform's library of QA pairs."""
    found: list[dict[str, Any]] = _json(CONTENT / "templates.json")
    return found


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
