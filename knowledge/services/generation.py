"""Asking the chat model for an answer from labelled sources."""

import re
from collections.abc import Sequence

from kimono import providers
from kimono.lib.db import current_tenant
from kimono.providers import ChatStream, Prompt
from knowledge.services import prompts
from knowledge.services.retrieval import Passage

PROMPT = ("answer_grounded", "v1")
TEMPERATURE = 0.2
MOST_TOKENS = 600
FIRST_TOKEN_SECONDS = 10.0
_MOST_CHARACTERS = 1_600
_TAG = re.compile(r"<(?=\s*/?\s*(?:source|question|conversation)\b)", re.IGNORECASE)
_LANGUAGES = {"zh": "Chinese", "en": "English", "ja": "Japanese"}

Window = Sequence[tuple[str, str]]


def configured() -> str:
    """Return the name of the chat model with the prompt it is given, or an empty string without a model."""
    model = providers.current().chat
    return f"{model.provider}/{model.model}/{'_'.join(PROMPT)}" if model is not None else ""


def prompt(*, question: str, window: Window, passages: Sequence[Passage], language: str) -> Prompt:
    """Return the prompt for an answer from `passages`; all that comes from outside stands in the user's message."""
    sources = "\n".join(_source(number, passage) for number, passage in enumerate(passages, start=1))
    return prompts.filled(
        *PROMPT,
        language=_LANGUAGES.get(language, "the language of the question"),
        sources=sources,
        conversation=_conversation(window),
        question=_as_data(question),
    )


def stream(*, prompt: Prompt, ref: str, deadline_seconds: float) -> ChatStream:
    """Return the stream of the model's answer. Raises `NotConfigured` without a chat model."""
    return providers.stream_chat(
        prompt,
        purpose="answer",
        ref=ref,
        scope=current_tenant().schema_name,
        deadline_seconds=deadline_seconds,
        first_token_seconds=min(FIRST_TOKEN_SECONDS, deadline_seconds),
        temperature=TEMPERATURE,
        max_tokens=MOST_TOKENS,
    )


def _source(number: int, passage: Passage) -> str:
    title = re.sub(r"[<>\"\n]", " ", passage.title)[:120]
    return f'<source id="{number}" title="{title}">\n{_as_data(passage.text[:_MOST_CHARACTERS])}\n</source>'


def _conversation(window: Window) -> str:
    if not window:
        return ""
    lines = "\n".join(f"{role}: {_as_data(text[:500])}" for role, text in window[-6:])
    return f"<conversation>\n{lines}\n</conversation>\n\n"


def _as_data(text: str) -> str:
    """Return `text` unable to open or close a tag of the prompt."""
    return _TAG.sub("‹", text)
