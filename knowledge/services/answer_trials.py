"""Answers a file of questions as chat would, without a model and with models that mislead, to be checked elsewhere."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from kimono import providers
from kimono.lib.cleaning import detect_language
from kimono.providers.config import BreakerLimits, ChatEndpoint
from kimono.providers.standin.server import running
from knowledge.services import answering
from knowledge.services.answers import Answer
from knowledge.services.trials import Degraded, Told
from knowledge.services.tuning import Params
from knowledge.services.visibility import view_of

NONE = "none"
REFUSAL = "–"
_AT_ONCE = 4
_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Given:
    """What was said to a question, by which model, and where it is from (entries by their ids in the knowledge file)."""

    query: str
    model: str
    answer: Answer
    written: str
    named: Mapping[str, str]

    def line(self) -> str:
        """Return it as a line of JSONL."""
        shown: dict[str, Any] = {
            "query": self.query,
            "model": self.model,
            "outcome": self.answer.outcome,
            "text": self.answer.text,
            "written": self.written,
            "citations": [
                {
                    "n": citation.n,
                    "entry": self.named[citation.passage.qa_id or citation.passage.doc_id or ""],
                    "quote": citation.quote,
                    "start": citation.start,
                    "end": citation.end,
                }
                for citation in self.answer.citations
            ],
        }
        return json.dumps(shown, ensure_ascii=False)


def ask(
    questions: Sequence[str], *, model: str, named: Mapping[str, str], params: Params, told: Told
) -> Iterator[Given]:
    """Answer every question from the current tenant's knowledge, and yield what is said, in order.

    `model` is `none`, or a way in which the stand-in misleads, which then answers over a real socket. Raises `Degraded`
    when an answer had to do without it.
    """
    with _misled_by(model), asyncio.Runner() as runner:
        for start in range(0, len(questions), _AT_ONCE):
            told(start, len(questions))
            batch = questions[start : start + _AT_ONCE]
            for query, (answer, written) in zip(batch, runner.run(_answered(batch, params)), strict=True):
                if answer.degraded is not None:
                    raise Degraded(f"{answer.degraded}: {query}")
                yield Given(query, model, answer, written, named)
    told(len(questions), len(questions))


@contextmanager
def _misled_by(model: str) -> Iterator[None]:
    before = providers.current().config
    try:
        if model == NONE:
            providers.install(replace(before, chat=None))
            yield
            return
        with running(model) as server:
            chat = ChatEndpoint("local", server.base_url, "standin")
            # A model that misleads does not fail: the breaker is none of what is tried here.
            patient = BreakerLimits(failures=10_000, seconds=1.0, probe_seconds=1.0)
            providers.install(replace(before, chat=chat, breaker=patient))
            yield
    finally:
        providers.install(before)


async def _answered(questions: Sequence[str], params: Params) -> list[tuple[Answer, str]]:
    try:
        return list(await asyncio.gather(*(_one(question, params) for question in questions)))
    finally:
        await providers.close_clients()


async def _one(question: str, params: Params) -> tuple[Answer, str]:
    written: list[str] = []
    answer = await answering.answer(
        question=question,
        rewritten=question,
        view=view_of(),
        params=params,
        language=detect_language(question),
        ref="trial",
        deadline_seconds=_SECONDS,
        refusal=REFUSAL,
        on_step=lambda step: written.append(str(step.detail.get("written", ""))),
        cacheable=False,
    )
    return answer, "".join(written)
