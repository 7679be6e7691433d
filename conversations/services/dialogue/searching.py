"""The knowledge's answer to a question, as a reply shows it."""

from collections.abc import Mapping
from typing import Any

from conversations.services.dialogue.phrases import say
from conversations.services.dialogue.question import Question
from conversations.services.dialogue.reply import Recorder, Writer
from knowledge.services import answering
from knowledge.services.answers import Answer, Citation
from knowledge.services.steps import StepRecord
from knowledge.services.visibility import View

# The knowledge names its stages by what it did; the record of a turn knows one name for each (api.md 11).
_NAMES = {
    "answer_cache": "cache_lookup",
    "judge": "rerank",
    "answer_from_qa": "generate",
    "extract": "generate",
    "refuse": "generate",
    "ask_back": "generate",
}


async def search(
    question: Question,
    *,
    asked: str,
    cacheable: bool,
    writer: Writer,
    record: Recorder,
    opening: str = "",
) -> Answer:
    """Return the knowledge's answer to `asked`, written piece by piece after `opening`.

    A refusal is not written: what is said in its place is the caller's to decide.
    """
    refusal = question.refusal
    begun = False

    async def write(piece: str) -> None:
        nonlocal begun
        if not begun and piece == refusal:
            return
        if not begun and opening:
            await writer.text(opening)
        begun = True
        await writer.text(piece)

    def cite(citation: Citation) -> None:
        writer.know(citation=shown(citation))

    def keep(step: StepRecord) -> None:
        record(_named(step))

    return await answering.answer(
        question=question.text,
        rewritten=asked,
        window=[(line.role, line.text) for line in question.window],
        view=View(unit=question.session_id, at=question.at),
        params=question.params,
        language=question.language,
        ref=question.ref,
        deadline_seconds=question.seconds,
        refusal=refusal,
        on_text=write,
        on_step=keep,
        on_cite=cite,
        cacheable=cacheable,
        which=say("suggest", question.language),
    )


def _named(step: StepRecord) -> StepRecord:
    name = _NAMES.get(step.name)
    if name is None:
        return step
    return StepRecord(
        name=name,
        started_at=step.started_at,
        duration_ms=step.duration_ms,
        status=step.status,
        input_summary=step.input_summary,
        output_summary=step.output_summary,
        detail={**step.detail, "how": step.name},
    )


def shown(citation: Citation) -> dict[str, Any]:
    """Return a citation as `Source`."""
    passage = citation.passage
    return {
        "n": citation.n,
        "kind": passage.kind,
        "source": passage.source,
        "title": passage.title,
        "page": passage.page,
        "section": passage.section,
        "quote": citation.quote,
        "score": passage.score,
        "url": passage.url,
        "doc_id": passage.doc_id,
        "version": passage.version,
        "chunk_id": passage.chunk_id,
        "qa_id": passage.qa_id,
    }


def suggested(answer: Answer) -> tuple[Mapping[str, Any], ...]:
    """Return the questions that may have been meant, as on the wire."""
    return tuple({"text": each.text, "qa_id": each.qa_id} for each in answer.suggestions)
