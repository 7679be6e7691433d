"""What is sent to a chat model for a step of the dialogue, and how its answer is read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict

from jsonschema import Draft202012Validator

from conversations.services.dialogue.window import Window

# A file for each version: another wording is another version.
FOLDER = Path(__file__).resolve().parents[2] / "prompts"
_SPEAKERS = {"contact": "contact", "bot": "bot", "agent": "agent"}
_LONGEST_LINE = 600


class Message(TypedDict):
    """One message in the shape that chat endpoints take."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Prompt:
    """A named, versioned request to a chat model whose answer is one JSON object of `schema`."""

    name: str
    version: int
    messages: tuple[Message, ...]
    schema: Mapping[str, Any]

    @property
    def label(self) -> str:
        """Return the name with its version, as traces and usage records carry it: `recognize_intent_v1`."""
        return f"{self.name}_v{self.version}"


def written(name: str, version: int) -> str:
    """Return the instructions of a prompt as its file has them. Raises `FileNotFoundError`."""
    return (FOLDER / f"{name}_v{version}.md").read_text(encoding="utf-8").strip()


def as_data(text: str, window: Window, *, turns: int = 10) -> str:
    """Return the conversation as one JSON value, so that nothing in it can pass for an instruction or end the block."""
    history = [{"from": _SPEAKERS[line.role], "text": line.text[:_LONGEST_LINE]} for line in window[-turns:]]
    return json.dumps({"history": history, "message": text}, ensure_ascii=False)


def read_object(answer: str | Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the model's answer when it is one object that fits `schema`, else None: the rules then stand in."""
    if isinstance(answer, str):
        try:
            parsed = json.loads(_unfenced(answer))
        except ValueError:
            return None
    else:
        parsed = dict(answer)
    return parsed if Draft202012Validator(schema).is_valid(parsed) else None


def _unfenced(answer: str) -> str:
    stripped = answer.strip()
    if stripped.startswith("```") and stripped.endswith("```"):
        return stripped.removesuffix("```").partition("\n")[2]
    return stripped
