"""Prompts by name and version, as files beside this package, so that a change of wording is a change of version."""

import re
from functools import lru_cache
from pathlib import Path

from kimono.providers import Message, Prompt

FOLDER = Path(__file__).resolve().parent.parent / "prompts"
_PART = re.compile(r"^## (system|user)\n", re.MULTILINE)
_SLOT = re.compile(r"\{\{(\w+)\}\}")
_TAG = re.compile(r"<(?=\s*/?\s*(?:source|question|conversation)\b)", re.IGNORECASE)


@lru_cache(maxsize=32)
def _parts(name: str, version: str) -> tuple[tuple[str, str], ...]:
    text = (FOLDER / f"{name}_{version}.md").read_text(encoding="utf-8")
    pieces = _PART.split(text)[1:]
    return tuple(zip(pieces[::2], (body.strip() for body in pieces[1::2]), strict=True))


def filled(name: str, version: str, **values: str) -> Prompt:
    """Return a prompt with its slots filled in one pass: a value that looks like a slot stays as it is.

    Raises `FileNotFoundError` for an unknown prompt and `KeyError` for a slot without a value.
    """
    messages = tuple(
        Message("system" if role == "system" else "user", _SLOT.sub(lambda slot: values[slot[1]], body))
        for role, body in _parts(name, version)
    )
    return Prompt(name=name, version=version, messages=messages)


def as_data(text: str) -> str:
    """Return `text` unable to open or close a tag of the prompt."""
    return _TAG.sub("‹", text)


def source_block(number: int, *, title: str, text: str) -> str:
    """Return a text as a labelled source of a prompt; `number` is what the model calls it by."""
    shown = re.sub(r"[<>\"\n]", " ", title)[:120]
    return f'<source id="{number}" title="{shown}">\n{as_data(text)}\n</source>'
