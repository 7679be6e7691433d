"""Turns as the monitor shows them (api.md 11): views of the one record that a turn leaves."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When
from django.utils.dateparse import parse_datetime

from conversations.models import Conversation, Step, Turn
from conversations.services import payloads
from conversations.services.turns.shapes import lease_is_over
from kimono.lib.errors import Invalid, Missing
from kimono.lib.masking import mask

_ACTIVE = timedelta(minutes=30)
_MESSAGE = 200
# Which part of the dialogue a step belongs to, in the words of the monitor.
AGENTS: dict[str, frozenset[str]] = {
    "IntentAgent": frozenset({"recognize_intent", "slot_check", "rewrite_query"}),
    "KnowledgeAgent": frozenset(
        {"cache_lookup", "retrieve", "rerank", "stream_first_token", "generate", "verify_citations"}
    ),
    "BusinessAgent": frozenset({"business_call"}),
    "EscalationAgent": frozenset({"escalate"}),
}
_SESSION = (
    "public_id", "channel", "state", "turn_count", "failed_attempts", "created_at", "last_activity_at",
)  # fmt: skip
_GOOD = frozenset({"success", "skipped", "degraded"})


class NoSuchMoment(Invalid):
    """What a list is to end before is neither a turn nor a time."""

    def __init__(self) -> None:
        super().__init__("a trace id or a time", loc=["query", "before"])


def _abandoned(now: datetime) -> Q:
    return Q(status__in=Turn.OPEN) & (Q(lease_until__isnull=True) | Q(lease_until__lt=now))


def listed(
    *, limit: int, session_id: str | None, status: str | None, before: str | None, now: datetime
) -> list[dict[str, Any]]:
    """Return summaries of turns, newest first; `before` is a trace id or a time. Raises `Invalid` for another."""
    rows = matching(session_id=session_id, status=status, now=now).order_by("-id")
    if before is not None:
        rows = _before(rows, before)
    return summaries(rows[:limit], now=now)


def matching(*, session_id: str | None, status: str | None, now: datetime) -> QuerySet[Turn]:
    """Return the turns of a conversation, in a state of the wire; None stands for all."""
    rows = Turn.objects.all()
    if session_id is not None:
        rows = rows.filter(conversation__public_id=session_id)
    return rows.filter(_of_status(status, now)) if status is not None else rows


def summaries(turns: QuerySet[Turn], *, now: datetime) -> list[dict[str, Any]]:
    """Return turns as `TraceSummary`, in their order."""
    rows = turns.select_related("conversation", "user_message").prefetch_related("steps")
    return [summary(turn, now=now) for turn in rows]


def _of_status(status: str, now: datetime) -> Q:
    if status == Turn.Status.SUCCESS:
        return Q(status=Turn.Status.SUCCESS)
    if status == Turn.Status.FAILED:
        return Q(status=Turn.Status.FAILED) | _abandoned(now)
    return Q(status__in=Turn.OPEN) & ~_abandoned(now)


def _before(rows: QuerySet[Turn], before: str) -> QuerySet[Turn]:
    if before.startswith("trace-"):
        turn = Turn.objects.filter(trace_id=before).only("pk").first()
        if turn is not None:
            return rows.filter(pk__lt=turn.pk)
    else:
        moment = moment_of(before)
        if moment is not None:
            return rows.filter(created_at__lt=moment)
    raise NoSuchMoment


def moment_of(text: str) -> datetime | None:
    """Return a time in UTC, in which it is taken when it names no offset; None for what is no time."""
    try:
        moment = parse_datetime(text)
        if moment is None:
            return None
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def status_of(turn: Turn, *, now: datetime) -> str:
    """Return a turn's state on the wire: running, success or failed; an abandoned one has failed."""
    if turn.status in Turn.OPEN:
        return "failed" if lease_is_over(turn, now=now) else "running"
    return turn.status


def summary(turn: Turn, *, now: datetime) -> dict[str, Any]:
    """Return a turn as `TraceSummary`."""
    started = turn.started_at or turn.created_at
    return {
        "trace_id": turn.trace_id,
        "session_id": turn.conversation.public_id,
        "message": mask(turn.user_message.content)[:_MESSAGE],
        "status": status_of(turn, now=now),
        "start_time": payloads.moment(started),
        "started_at": payloads.moment(started),
        "end_time": payloads.moment(turn.finished_at) if turn.finished_at else None,
        "duration_ms": turn.duration_ms,
        "intent": turn.intent or None,
        "route_path": [step.name for step in turn.steps.all()],
        "escalate_to_human": turn.escalated,
        "steps_count": len(turn.steps.all()),
        "turn_count": turn.number,
    }


def get(*, trace_id: str, now: datetime) -> dict[str, Any]:
    """Return a turn as `Trace`. Raises `Missing`."""
    rows = Turn.objects.select_related("conversation", "user_message", "reply").prefetch_related("steps")
    turn = rows.filter(trace_id=trace_id).first() if "\x00" not in trace_id else None
    if turn is None:
        raise Missing
    steps = list(turn.steps.all())
    error = turn.error or ("abandoned" if status_of(turn, now=now) == "failed" else None)
    return {
        **summary(turn, now=now),
        "steps": [_step(step) for step in steps],
        "sub_tasks": sub_tasks(steps),
        "final_reply": mask(turn.reply.content) if turn.reply is not None else "",
        "failed_attempts": turn.failed_attempts,
        "error": error,
        "tokens": {"input": turn.tokens_input, "output": turn.tokens_output},
        "cost": float(turn.cost_cny),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "step": step.name,
        "name": step.name,
        "node": step.name,
        "duration_ms": step.duration_ms,
        "status": step.status,
        "input_summary": step.input_summary,
        "output_summary": step.output_summary,
        "timestamp": payloads.moment(step.started_at),
        "detail": step.detail,
    }


def sub_tasks(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return the parts of the dialogue that worked on a turn, each with its time."""
    found = []
    for name, members in AGENTS.items():
        own = [step for step in steps if step.name in members]
        if own:
            took = sum(step.duration_ms for step in own)
            found.append(
                {
                    "agent_name": name,
                    "duration_ms": took,
                    "success": all(step.status in _GOOD for step in own),
                }
            )
    return found


def overview(*, now: datetime) -> dict[str, Any]:
    """Return how many turns there were and how they went."""
    return overview_of(tallies(now=now), active=active(now=now).count())


def tallies(*, now: datetime) -> QuerySet[Turn, Any]:
    """Return one row for each of the three states: state, number of turns, milliseconds of all of them."""
    state = Case(
        When(status=Turn.Status.SUCCESS, then=Value("success")),
        When(_of_status(Turn.Status.FAILED, now), then=Value("failed")),
        default=Value("running"),
    )
    rows = Turn.objects.order_by().annotate(state=state).values("state")
    return rows.values_list("state", Count("pk"), Sum("duration_ms"))


def active(*, now: datetime) -> QuerySet[Conversation]:
    """Return the conversations in which something happened lately."""
    return Conversation.objects.filter(
        state__in=["bot", "pending", "assigned"], last_activity_at__gte=now - _ACTIVE
    )


def overview_of(tallied: Iterable[tuple[str, int, int | None]], *, active: int) -> dict[str, Any]:
    """Return the figures of the rows of `tallies`, of one merchant or of many."""
    turns: Counter[str] = Counter()
    took = 0
    for state, count, milliseconds in tallied:
        turns[state] += count
        took += (milliseconds or 0) if state == "success" else 0
    good, bad = turns["success"], turns["failed"]
    return {
        "total_traces": turns.total(),
        "success_count": good,
        "failed_count": bad,
        "success_rate": good / (good + bad) if good + bad else 0.0,
        "avg_duration_ms": round(took / good, 1) if good else 0.0,
        "active_sessions": active,
    }


def agents() -> list[dict[str, Any]]:
    """Return each part of the dialogue with how often it worked and how long that took; also those that never did."""
    return agents_of(step_tallies())


def step_tallies() -> QuerySet[Step, Any]:
    """Return one row for each name of a step: name, how often, how often well, milliseconds."""
    rows = Step.objects.order_by().values("name")
    counted = rows.annotate(
        calls=Count("pk"), good=Count("pk", filter=Q(status__in=_GOOD)), took=Sum("duration_ms")
    )
    return counted.values_list("name", "calls", "good", "took")


def agents_of(tallied: Iterable[tuple[str, int, int, float | None]]) -> list[dict[str, Any]]:
    """Return the parts of the dialogue from rows of `step_tallies`, of one merchant or of many."""
    rows = [{"name": name, "calls": calls, "good": good, "took": took} for name, calls, good, took in tallied]
    return [_agent(name, [row for row in rows if row["name"] in members]) for name, members in AGENTS.items()]


def _agent(name: str, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    counted = list(rows)
    calls, good = sum(row["calls"] for row in counted), sum(row["good"] for row in counted)
    took = sum(row["took"] or 0.0 for row in counted)
    return {
        "agent": name,
        "name": name,
        "calls": calls,
        "total_calls": calls,
        "success_count": good,
        "total_duration_ms": round(took, 1),
        "avg_duration_ms": round(took / calls, 1) if calls else 0.0,
        "success_rate": good / calls if calls else 0.0,
    }


def sessions(*, limit: int) -> list[dict[str, Any]]:
    """Return the conversations with the latest activity."""
    return [session_row(row) for row in latest_sessions(limit=limit)]


def latest_sessions(*, limit: int) -> QuerySet[Conversation, Any]:
    """Return the conversations with the latest activity as rows for `session_row`."""
    return Conversation.objects.order_by("-last_activity_at", "-id").values_list(*_SESSION)[:limit]


def session_row(row: tuple[Any, ...]) -> dict[str, Any]:
    """Return a row of `latest_sessions` as the wire shows it."""
    shown = dict(zip(_SESSION, row, strict=True))
    return {
        "session_id": shown.pop("public_id"),
        **shown,
        "created_at": payloads.moment(shown["created_at"]),
        "last_activity_at": payloads.moment(shown["last_activity_at"]),
    }
