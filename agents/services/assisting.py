"""Help for agents: from the knowledge, from the business system; and what they found out, back into the knowledge."""

from datetime import datetime
from typing import Any

from django.db import transaction

from agents.models import Seat
from conversations.models import Conversation
from conversations.services import conversations, inbox, looking_up
from conversations.services.conversations import Reader
from conversations.services.dialogue import intents
from kimono import providers
from kimono.lib.threads import in_thread
from knowledge.models import Solution
from knowledge.services import retrieval, solutions, tuning, visibility
from knowledge.services.retrieval import Found, Passage
from tenants.services.auditing import Actor

_AGENT = Reader(sees_agents=True)


async def recommend(*, session_id: str, query: str, limit: int) -> dict[str, Any]:
    """Return what the knowledge says to a question, as a contact of this conversation would find it (AG-07).

    Raises `Missing`; a search that fails is an empty list that says so.
    """
    conversation = await in_thread(_found, session_id)
    try:
        found = await _search(conversation, query, limit=limit, judge=False)
    except (providers.ProviderError, TimeoutError):
        return {"chunks": [], "total": 0, "degraded": True}
    chunks = [_recommended(passage) for passage in found.passages[:limit]]
    return {"chunks": chunks, "total": len(chunks), "degraded": found.degraded is not None}


async def _search(conversation: Conversation, query: str, *, limit: int, judge: bool) -> Found:
    return await retrieval.search(
        query=query,
        limit=limit,
        view=visibility.view_of(conversation.public_id),
        params=await in_thread(tuning.effective),
        ref="recommend",
        judge=judge,
    )


def _found(session_id: str) -> Conversation:
    return conversations.get(public_id=session_id, reader=_AGENT)


def _recommended(passage: Passage) -> dict[str, Any]:
    return {
        "content": passage.text,
        "score": passage.score,
        "source": passage.source,
        "kind": passage.kind,
        "chunk_id": passage.chunk_id,
        "qa_id": passage.qa_id,
        "doc_id": passage.doc_id,
        "title": passage.title,
        "page": passage.page,
        "section": passage.section,
        "url": passage.url,
    }


async def ask_business(*, session_id: str, query: str, now: datetime) -> dict[str, Any]:
    """Return what the merchant's business system says to a question (AG-08); else, what its knowledge does.

    Raises `Missing`, nothing else. That no system could be asked is said in `error`, whatever the knowledge knows.
    """
    conversation = await in_thread(_found, session_id)
    looked = await looking_up.look_up(conversation=conversation, query=query, now=now)
    reply, data = looked.reply, looked.data
    if looked.error == "no_matching_tool":
        reply, data = await _known(conversation, query)
    result = {
        "reply": reply,
        "data": data,
        "error": looked.error,
        "need_confirmation": looked.needs_approval,
        "scene": looked.scene,
        "tool": looked.tool,
        "interrupt_id": None,
    }
    return {"result": result, "masked_fields": list(looked.masked_fields)}


async def _known(conversation: Conversation, query: str) -> tuple[str | None, dict[str, Any] | None]:
    """Return what the knowledge answers, with its source; twice None where it is not sure."""
    try:
        found = await _search(conversation, query, limit=1, judge=True)
    except (providers.ProviderError, TimeoutError):
        return None, None
    if not found.answerable or not found.passages:
        return None, None
    best = found.passages[0]
    return best.answer or best.text, {"source": _recommended(best)}


def hand_in(
    *,
    session_id: str | None,
    question: str,
    solution: str,
    intent: str | None,
    seat: Seat,
    by: Actor,
    now: datetime,
) -> Solution:
    """Put an agent's solution up for review; without an intent it is recognised. Raises `Missing`."""
    conversation = _found(session_id) if session_id is not None else None
    with transaction.atomic():
        submitted = solutions.submit(
            question=question,
            solution=solution,
            intent=intent or intents.recognise(question).intent,
            session_id=session_id or "",
            submitted_by=seat.agent_id,
            by=by,
            now=now,
        )
        _tell(submitted, conversation, now)
    return submitted


def tell_reviewed(*, solution_id: str, now: datetime) -> None:
    """Tell agents that a solution was approved or refused; told twice, it says the same."""
    solution = Solution.objects.filter(public_id=solution_id).first()
    if solution is None:
        return
    conversation = Conversation.objects.filter(public_id=solution.session_id).first()
    with transaction.atomic():
        _tell(solution, conversation, now)


def _tell(solution: Solution, conversation: Conversation | None, now: datetime) -> None:
    told = {
        "solution_id": solution.public_id,
        "status": solution.status,
        "question": solution.question[:200],
        "qa_pair_id": solution.qa_pair_id or None,
    }
    inbox.add("solution", conversation, agent_id=solution.submitted_by, payload=told, now=now)
