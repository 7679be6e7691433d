"""Answers a question from the knowledge, with citations, or says that it cannot."""

import asyncio
import logging
from dataclasses import dataclass, replace

from kimono import providers
from kimono.lib.threads import in_thread
from knowledge.services import answer_cache, generation, retrieval
from knowledge.services.answer_cache import Key
from knowledge.services.answering import doubting
from knowledge.services.answering.citing import OnCite, OnText, Writer
from knowledge.services.answering.extracting import extract
from knowledge.services.answering.verifying import Verifier
from knowledge.services.answers import Answer, Citation, Degraded, Draft, Outcome, Suggestion
from knowledge.services.asking import asking_part
from knowledge.services.attachments import reading as attached
from knowledge.services.generation import Window
from knowledge.services.grounding import Span
from knowledge.services.retrieval import Found, Passage, degraded_by, judging
from knowledge.services.steps import OnStep, timed
from knowledge.services.tuning import Params
from knowledge.services.visibility import View

__all__ = ["Answer", "Citation", "Outcome", "Suggestion", "answer"]

log = logging.getLogger(__name__)
# Kept back from the model's time, to finish by extraction within the caller's.
_RESERVE_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question with all that goes along; `sought` is the part of its text that is searched, where it is not all."""

    text: str
    window: Window
    language: str
    ref: str
    until: float
    on_text: OnText | None
    on_cite: OnCite | None
    on_step: OnStep
    sought: str = ""

    @property
    def seconds_left(self) -> float:
        return self.until - asyncio.get_running_loop().time()


async def answer(
    *,
    question: str,
    view: View,
    params: Params,
    language: str,
    ref: str,
    deadline_seconds: float,
    refusal: str,
    on_step: OnStep,
    rewritten: str = "",
    window: Window = (),
    on_text: OnText | None = None,
    on_cite: OnCite | None = None,
    cacheable: bool = True,
    which: str = "",
) -> Answer:
    """Return the answer to `question`, having passed its text to `on_text` piece by piece; the pieces join to it.

    Each citation is told to `on_cite` before the text that uses it, so that whoever stops in the middle has them.
    `rewritten` is the question as it stands by itself; without it `window` (role and text of what was said before) goes
    to the model along with the question, and nothing is cached. `cacheable` is False where slots or business data
    shaped the question. `refusal` is said when nothing reaches the threshold or nothing of a draft is supported; `which`,
    where it is given, when instead there are questions that may have been meant, which come as suggestions. A
    provider that fails, or is too slow for `deadline_seconds`, degrades the answer and never raises.
    """
    asked = _Asked(
        text=rewritten or question,
        window=() if rewritten else tuple(window),
        language=language,
        ref=ref,
        until=asyncio.get_running_loop().time() + deadline_seconds,
        on_text=on_text,
        on_cite=on_cite,
        on_step=on_step,
    )
    key = None
    if cacheable and not asked.window:
        key = await in_thread(
            answer_cache.key_for, question=asked.text, view=view, params=params, language=language
        )
        if (kept := await _kept(key, asked)) is not None:
            return kept
    asked, found = await _sought(asked, view=view, params=params)
    found = await _judged(asked, found, params)
    given = await _asked_back(asked, found, which) or await _given(asked, found, refusal)
    if any(citation.passage.attached for citation in given.citations):
        given = replace(given, attachments=await in_thread(attached.of_citations, given.citations))
    if key is not None and given.outcome == "answered" and given.degraded is None:
        await in_thread(answer_cache.store, key, given, view=view)
    return given


async def _kept(key: Key, asked: _Asked) -> Answer | None:
    with timed("answer_cache", asked.on_step, input_summary=asked.text) as note:
        kept = await in_thread(answer_cache.lookup, key)
        note.output_summary = "hit" if kept else "miss"
    if kept is not None and asked.on_text is not None:
        if asked.on_cite is not None:
            for citation in kept.citations:
                asked.on_cite(citation)
        await asked.on_text(kept.text)
    return kept


async def _sought(asked: _Asked, *, view: View, params: Params) -> tuple[_Asked, Found]:
    """Search for the question, and for what it asks alone when the rest of what was said leaves nothing sure."""
    found = await _searched(asked, view=view, params=params)
    part = "" if found.answerable else asking_part(asked.text)
    if part:
        narrower = replace(asked, sought=part)
        again = await _searched(narrower, view=view, params=params)
        if again.answerable:
            return narrower, again
    return asked, found


async def _searched(asked: _Asked, *, view: View, params: Params) -> Found:
    with timed("retrieve", asked.on_step, input_summary=asked.sought or asked.text) as note:
        found = await retrieval.search(
            query=asked.sought or asked.text,
            limit=params.rerank_top_k,
            view=view,
            params=params,
            ref=asked.ref,
            judge=False,
        )
        note.status = "degraded" if found.degraded else "success"
        note.output_summary = "; ".join(f"{p.score:.2f} {p.title}" for p in found.passages)
        note.detail.update(
            threshold=found.threshold,
            answerable=found.answerable,
            answerability=found.answerability,
            knowledge_version=found.knowledge_version,
            degraded=found.degraded,
            passages=[
                {
                    "id": p.qa_id or p.chunk_id,
                    "score": p.score,
                    "vector": p.scores.vector,
                    "keyword": p.scores.keyword,
                    "rerank": p.scores.rerank,
                }
                for p in found.passages
            ],
        )
    return found


async def _judged(asked: _Asked, found: Found, params: Params) -> Found:
    """Ask the chat model, where there is one, whether what was found answers, when search alone is not sure."""
    if not judging.configured() or not judging.is_doubtful(found, params=params):
        return found
    with timed("judge", asked.on_step, input_summary=asked.text) as note:
        seconds = max(asked.seconds_left - _RESERVE_SECONDS, 0.1)
        weighed = await judging.judged(found, query=asked.text, params=params, ref=asked.ref, seconds=seconds)
        note.status = "degraded" if weighed.verdict == "failed" else "success"
        note.output_summary = weighed.verdict
        note.detail.update(
            prompt="_".join(judging.PROMPT),
            verdict=weighed.verdict,
            answerable=weighed.answerable,
            answerability=weighed.answerability,
            degraded=weighed.degraded,
        )
    return weighed


async def _asked_back(asked: _Asked, found: Found, which: str) -> Answer | None:
    """Ask which of the nearest questions was meant, where that may help."""
    suggestions = doubting.meant(found) if which else ()
    if not suggestions:
        return None
    with timed("ask_back", asked.on_step, input_summary=asked.text) as note:
        note.output_summary = "; ".join(each.text for each in suggestions)
        if asked.on_text is not None:
            await asked.on_text(which)
    return Answer(
        text=which,
        citations=(),
        outcome="asked_back",
        confidence=0.0,
        passages=found.passages,
        suggestions=suggestions,
        degraded=found.degraded,
        knowledge_version=found.knowledge_version,
    )


async def _given(asked: _Asked, found: Found, refusal: str) -> Answer:
    if not found.answerable:
        return await _refused(asked, found, refusal, None)
    own = _own(found)
    if own is not None:
        return await _in_own_words(asked, found, own)
    # What a model wrote and nothing supports is not heard; the sources may answer for themselves all the same.
    degraded: Degraded = None
    if generation.configured():
        written = await _generated(asked, found)
        degraded = written.degraded
        if written.draft.text:
            return _answered(found, written.draft, model=written.model, degraded=degraded)
        if written.declined:
            return await _refused(asked, found, refusal, None)
    draft = await _extracted(asked, found)
    if not draft.text:
        return await _refused(asked, found, refusal, degraded)
    return _answered(found, draft, degraded=degraded)


def _own(found: Found) -> Passage | None:
    """Return the pair whose words are the answer: one that reaches the threshold and lacks no more than what is best.

    Where a model has said which passage answers, no other one is asked for.
    """
    best = found.passages[0]
    return next(
        (
            passage
            for passage in found.passages[: 1 if found.verdict == "answered" else None]
            if passage.kind == "qa" and passage.score >= found.threshold and passage.missing <= best.missing
        ),
        None,
    )


async def _in_own_words(asked: _Asked, found: Found, passage: Passage) -> Answer:
    """Answer with what the merchant wrote for this question."""
    with timed("answer_from_qa", asked.on_step, input_summary=passage.question) as note:
        writer = Writer([passage], asked.on_text, asked.on_cite)
        writer.write(passage.answer)
        writer.cite(Span(0, 0, len(passage.answer)))
        await writer.close()
        note.output_summary = passage.answer
        note.detail["qa_id"] = passage.qa_id
    return _answered(found, writer.draft())


@dataclass(frozen=True, slots=True)
class _Written:
    """What a model wrote as far as the sources support it, which model, and why it broke off if it did.

    It `declined` when it says that the sources hold no answer.
    """

    draft: Draft
    model: str
    degraded: Degraded
    declined: bool


async def _generated(asked: _Asked, found: Found) -> _Written:
    """Have a model write the answer, and pass on what of it the sources support."""
    writer = Writer(found.passages, asked.on_text, asked.on_cite)
    verifier = Verifier([passage.text for passage in found.passages], writer)
    prompt = generation.prompt(
        question=asked.text, window=asked.window, passages=found.passages, language=asked.language
    )
    model, degraded = "", None
    with timed("generate", asked.on_step, input_summary=asked.text) as note:
        raw: list[str] = []
        try:
            seconds = max(asked.seconds_left - _RESERVE_SECONDS, 0.1)
            async with generation.stream(prompt=prompt, ref=asked.ref, deadline_seconds=seconds) as stream:
                async for piece in stream:
                    raw.append(piece)
                    await verifier.feed(piece)
                model = stream.result.model
        except providers.ProviderError as error:
            degraded = degraded_by(error)
            note.status = "degraded"
            note.detail.update(error=error.code, error_detail=error.detail)
            log.warning("the chat model failed with %s; the answer goes on without it", error.code)
        await verifier.finish(broken=degraded is not None)
        draft, said = writer.draft(), "".join(raw)
        declined = degraded is None and generation.declines(said)
        note.output_summary = draft.text
        note.detail.update(
            prompt="_".join(generation.PROMPT),
            model=model,
            written=said[:2000],
            passed=draft.text[:2000],
            declined=declined,
        )
    return _Written(draft, model, degraded, declined)


async def _extracted(asked: _Asked, found: Found) -> Draft:
    with timed("extract", asked.on_step, input_summary=asked.text) as note:
        writer = Writer(found.passages, asked.on_text, asked.on_cite)
        for place, passage in enumerate(found.passages):
            if passage.score < found.threshold:
                break
            if extract(question=asked.sought or asked.text, place=place, passage=passage, writer=writer):
                break
        await writer.close()
        draft = writer.draft()
        note.output_summary = draft.text
    return draft


def _answered(found: Found, draft: Draft, *, model: str = "", degraded: Degraded = None) -> Answer:
    return Answer(
        text=draft.text,
        citations=draft.citations,
        outcome="answered",
        confidence=max(citation.passage.score for citation in draft.citations),
        passages=found.passages,
        degraded=degraded or found.degraded,
        model_used=model,
        knowledge_version=found.knowledge_version,
    )


async def _refused(asked: _Asked, found: Found, refusal: str, degraded: Degraded) -> Answer:
    with timed("refuse", asked.on_step, input_summary=asked.text) as note:
        note.output_summary = refusal
        note.detail["best_score"] = found.passages[0].score if found.passages else 0.0
        if asked.on_text is not None:
            await asked.on_text(refusal)
    return Answer(
        text=refusal,
        citations=(),
        outcome="refused",
        confidence=0.0,
        passages=found.passages,
        degraded=degraded or found.degraded,
        knowledge_version=found.knowledge_version,
    )
