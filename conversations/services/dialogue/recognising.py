"""What a message wants and what is to be searched for: by rules at once, by a chat model where there is one and time.

The model's two questions are asked at the same time and share one and a half seconds; what has not come by then is
left to the rules.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from conversations.services.dialogue import intents, prompts, rewriting
from conversations.services.dialogue.intents import Recognised
from conversations.services.dialogue.question import Question
from conversations.services.dialogue.reply import Recorder
from conversations.services.dialogue.rewriting import Rewritten
from conversations.services.dialogue.window import contact_texts
from kimono import providers
from kimono.lib.db import current_schema
from knowledge.services.steps import Note, timed

MODEL_SECONDS = 1.5
_MOST_TOKENS = 200
T = TypeVar("T")


@dataclass(frozen=True)
class Understood:
    """What a message wants, and the question it comes to."""

    recognised: Recognised
    rewritten: Rewritten


async def understand(question: Question, *, record: Recorder) -> Understood:
    """Return what the message wants and how it is to be searched; records both steps."""
    by_rules = intents.recognise(
        question.text,
        window=question.window,
        open_scene=question.open_scene,
        scenes=question.scenes,
        urgent_words=question.policy.urgent_words,
    )
    recognised, rewritten = await asyncio.gather(
        _recognised(question, by_rules, record), _rewritten(question, by_rules, record)
    )
    return Understood(recognised, rewritten)


def _is_settled(by_rules: Recognised) -> bool:
    """Tell whether no model is needed: the rules are sure, and would have the last word."""
    return by_rules.intent in ("blocked", "transfer_to_human") or by_rules.small_talk is not None


async def _recognised(question: Question, by_rules: Recognised, record: Recorder) -> Recognised:
    with timed("recognize_intent", record, input_summary=question.text) as note:
        judged = None
        if providers.current().chat is not None and not _is_settled(by_rules):
            prompt = intents.intent_prompt(question.text, question.window, scenes=question.scenes)
            judged = await _asked(
                prompt, question.ref, note, lambda text: intents.read_intent(text, scenes=question.scenes)
            )
        recognised = intents.settle(by_rules, judged)
        note.output_summary = f"{recognised.intent} {recognised.confidence:.2f}"
        note.detail.update(
            intent=recognised.intent,
            confidence=recognised.confidence,
            reasons=list(recognised.reasons),
            scene_id=recognised.scene_id,
            urgent=recognised.urgent,
            by="model" if judged is not None else "rules",
        )
    return recognised


async def _rewritten(question: Question, by_rules: Recognised, record: Recorder) -> Rewritten:
    if _is_settled(by_rules) or not contact_texts(question.window):
        return Rewritten(question.text, False, "self_contained")
    with timed("rewrite_query", record, input_summary=question.text) as note:
        rewritten = None
        if providers.current().chat is not None:
            prompt = rewriting.rewrite_prompt(question.text, question.window)
            rewritten = await _asked(
                prompt, question.ref, note, lambda text: rewriting.read_rewritten(text, question.text)
            )
        rewritten = rewritten or rewriting.rewrite(question.text, question.window)
        note.output_summary = rewritten.text
        note.detail.update(changed=rewritten.changed, reason=rewritten.reason)
    return rewritten


async def _asked(prompt: prompts.Prompt, ref: str, note: Note, read: Callable[[str], T | None]) -> T | None:
    """Return what the model says, or None when it fails, is too slow or answers something else."""
    model = providers.current().chat
    note.detail["prompt"] = prompt.label
    messages = tuple(providers.Message(each["role"], each["content"]) for each in prompt.messages)
    call: Awaitable[providers.ChatResult] = providers.chat(
        providers.Prompt(prompt.name, f"v{prompt.version}", messages),
        purpose=prompt.name,
        ref=ref,
        scope=current_schema(),
        deadline_seconds=MODEL_SECONDS,
        schema=prompt.schema,
        temperature=0.0,
        max_tokens=_MOST_TOKENS,
        model=model.small_model if model is not None else None,
    )
    try:
        async with asyncio.timeout(MODEL_SECONDS):
            result = await call
    except TimeoutError:
        _degrade(note, "llm_timeout", "timed_out")
        return None
    except providers.ProviderError as error:
        reason = "budget" if isinstance(error, providers.CallRefused) else "llm_unavailable"
        _degrade(note, "llm_timeout" if isinstance(error, providers.TimedOut) else reason, error.code)
        return None
    note.detail["model"] = result.model
    answer = read(result.text)
    if answer is None:
        _degrade(note, "llm_unavailable", "malformed")
    return answer


def _degrade(note: Note, degraded: str, error: str) -> None:
    note.status = "degraded"
    note.detail.update(degraded=degraded, error=error)
