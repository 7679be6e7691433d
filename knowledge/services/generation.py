"""Asking the chat model for an answer from labelled sources."""

import re
from collections.abc import Sequence

from kimono import providers
from kimono.lib.db import current_tenant
from kimono.providers import ChatStream, Prompt
from knowledge.services import prompts
from knowledge.services.prompts import as_data, source_block
from knowledge.services.retrieval import Passage

PROMPT = ("answer_grounded", "v1")
TEMPERATURE = 0.2
MOST_TOKENS = 600
FIRST_TOKEN_SECONDS = 10.0
_MOST_CHARACTERS = 1_600
# A model that was told to write NO_ANSWER may say as much in a sentence.
_DECLINES = re.compile(
    r"NO_ANSWER|(?:资料|来源|原文|文档|知识库|上述内容|提供的内容|信息)[^。]{0,12}(?:没有|未|并无|不包含|无法)"
    r"|(?:无法|不能)(?:根据|从|依据)[^。]{0,12}(?:资料|来源|内容|信息)"
    r"|\b(?:sources?|texts?|documents?|passages?|information provided)\b.{0,20}"
    r"\b(?:do(?:es)? not|don't|doesn't|cannot|contains? no|say nothing)\b"
    r"|\bno (?:information|answer|mention)\b|\bcannot (?:be )?(?:answer|find|determine)",
    re.IGNORECASE,
)
_LANGUAGES = {"zh": "Chinese", "en": "English", "ja": "Japanese"}

Window = Sequence[tuple[str, str]]


def configured() -> str:
    """Return the name of the chat model with the prompt it is given, or an empty string without a model."""
    model = providers.current().chat
    return f"{model.provider}/{model.model}/{'_'.join(PROMPT)}" if model is not None else ""


def prompt(*, question: str, window: Window, passages: Sequence[Passage], language: str) -> Prompt:
    """Return the prompt for an answer from `passages`; all that comes from outside stands in the user's message."""
    sources = "\n".join(
        source_block(number, title=passage.title, text=passage.text[:_MOST_CHARACTERS])
        for number, passage in enumerate(passages, start=1)
    )
    return prompts.filled(
        *PROMPT,
        language=_LANGUAGES.get(language, "the language of the question"),
        sources=sources,
        conversation=_conversation(window),
        question=as_data(question),
    )


def declines(written: str) -> bool:
    """Tell whether what a model wrote says that the sources hold no answer. An empty text says nothing."""
    return bool(_DECLINES.search(written))


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


def _conversation(window: Window) -> str:
    if not window:
        return ""
    lines = "\n".join(f"{role}: {as_data(text[:500])}" for role, text in window[-6:])
    return f"<conversation>\n{lines}\n</conversation>\n\n"
