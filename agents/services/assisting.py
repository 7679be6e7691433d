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
from knowledge.services.retrieval import Passage
from tenants.services.auditing import Actor

_AGENT = Reader(sees_agents=True)


async def recommend(*, session_id: str, query: str, limit: int) -> dict[str, Any]:
    """Return what the knowledge says to a question, as a contact of this conversation would find it (AG-07).

    Raises `Missing`; a search that fails is an empty list that says so.
    """
    conversation = await in_thread(_found, session_id)
    try:
        found = await retrieval.search(
            query=query,
            limit=limit,
            view=visibility.view_of(conversation.public_id),
            params=await in_thread(tuning.effective),
            ref="recommend",
            judge=False,
        )
    except (providers.ProviderError, TimeoutError):
        return {"chunks": [], "total": 0, "degraded": True}
    chunks = [_recommended(passage) for passage in found.passages[:limit]]
    return {"chunks": chunks, "total": len(chunks), "degraded": found.degraded is not None}


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
    """Return what the merchant's business system says to a question (AG-08). Raises `Missing`, nothing else."""
    conversation = await in_thread(_found, session_id)
    looked = await looking_up.look_up(conversation=conversation, query=query, now=now)
    result = {
        "reply": looked.reply,
        "data": looked.data,
        "error": looked.error,
        "need_confirmation": looked.needs_approval,
        "scene": looked.scene,
        "tool": looked.tool,
        "interrupt_id": None,
    }
    return {"result": result, "masked_fields": list(looked.masked_fields)}


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
        told = {"solution_id": submitted.public_id, "status": submitted.status, "question": question[:200]}
        inbox.add("solution", conversation, agent_id=seat.agent_id, payload=told, now=now)
    return submitted
