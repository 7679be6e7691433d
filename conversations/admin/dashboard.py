"""The first page of a merchant's admin: what is there, what waits, what nobody could answer."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, Max, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.admin.conversations import STATE_COLOURS
from conversations.models import Conversation
from knowledge.models import Document, Feedback, QAPair, QuestionRecord
from tenants.admin import Cell, Dashboard, Figure, Panel, shortened, when

_ROWS = 6
_DAYS = timedelta(days=7)


def shown(request: HttpRequest) -> Dashboard:
    """Return what the first page shows; a handful of counts on indexed columns."""
    pairs = QAPair.objects.filter(status=QAPair.Status.ACTIVE).aggregate(
        all=Count("pk"), unsynced=Count("pk", filter=Q(is_synced=False))
    )
    documents = Document.objects.exclude(status=Document.Status.DELETED).aggregate(
        all=Count("pk"), processing=Count("pk", filter=Q(status=Document.Status.PROCESSING))
    )
    return Dashboard(
        figures=[*_knowledge(pairs, documents), *_service()],
        panels=[_unknown(), _latest()],
        steps=_steps(pairs["all"], documents["all"]),
    )


def _list(model: str, **query: Any) -> str:
    return reverse(f"merchant:{model}_changelist", query=query or None)


def _knowledge(pairs: dict[str, int], documents: dict[str, int]) -> list[Figure]:
    processing = documents["processing"]
    return [
        Figure(
            _("QA pairs"),
            f"{pairs['all']:,}",
            "quiz",
            _list("knowledge_qapair"),
            _("%(n)s found by keywords only") % {"n": pairs["unsynced"]}
            if pairs["unsynced"]
            else _("all of them indexed"),
            urgent=bool(pairs["unsynced"]),
        ),
        Figure(
            _("Documents"),
            f"{documents['all']:,}",
            "description",
            _list("knowledge_document"),
            _("%(n)s being processed") % {"n": processing} if processing else _("all of them ready"),
        ),
    ]


def _service() -> list[Figure]:
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    states = Conversation.objects.aggregate(
        today=Count("pk", filter=Q(last_activity_at__gte=today)),
        waiting=Count("pk", filter=Q(state=Conversation.State.PENDING)),
    )
    asked = QuestionRecord.objects.filter(at__gte=timezone.now() - _DAYS).aggregate(
        all=Count("pk"), refused=Count("pk", filter=Q(outcome="refused"))
    )
    reviews = Feedback.objects.filter(status=Feedback.Status.PENDING).count()
    return [
        Figure(
            _("Conversations today"),
            f"{states['today']:,}",
            "forum",
            _list("conversations_conversation"),
            _("%(n)s waiting for a person") % {"n": states["waiting"]}
            if states["waiting"]
            else _("nobody is waiting"),
            urgent=bool(states["waiting"]),
        ),
        Figure(
            _("Unanswered, 7 days"),
            f"{asked['refused']:,}",
            "help",
            _list("knowledge_questionrecord", outcome="refused"),
            _("of %(n)s questions") % {"n": asked["all"]},
            urgent=bool(asked["refused"]),
        ),
        Figure(
            _("Feedback to review"),
            f"{reviews:,}",
            "thumbs_up_down",
            _list("knowledge_feedback", status__exact="pending"),
            _("votes and corrections"),
        ),
    ]


def _unknown() -> Panel:
    rows = (
        QuestionRecord.objects.filter(outcome="refused", at__gte=timezone.now() - _DAYS)
        .values("key")
        .annotate(times=Count("pk"), last=Max("pk"))
        .order_by("-times", "-last")[:_ROWS]
    )
    texts = QuestionRecord.objects.in_bulk([row["last"] for row in rows])
    return Panel(
        title=_("Questions without an answer"),
        headers=[_("Question"), _("Times"), ""],
        rows=[
            [
                Cell(shortened(texts[row["last"]].text, 40)),
                Cell(row["times"]),
                Cell(
                    _("Write an answer"),
                    reverse(
                        "merchant:knowledge_qapair_add", query={"question": texts[row["last"]].text[:500]}
                    ),
                ),
            ]
            for row in rows
        ],
        empty=_("Every question of the last 7 days has found an answer."),
        link=_list("knowledge_questionrecord", outcome="refused"),
        link_text=_("All of them"),
    )


def _latest() -> Panel:
    rows = Conversation.objects.order_by("-last_activity_at", "-id")[:_ROWS]
    return Panel(
        title=_("Latest conversations"),
        headers=[_("Contact"), _("State"), _("Turns"), _("Last activity")],
        rows=[
            [
                Cell(
                    shortened(row.user_id or row.visitor_id, 24),
                    reverse("merchant:conversations_conversation_change", args=[row.pk]),
                ),
                Cell(row.get_state_display(), colour=STATE_COLOURS.get(row.state, "")),
                Cell(row.turn_count),
                Cell(when(row.last_activity_at)),
            ]
            for row in rows
        ],
        empty=_("Nobody has written yet. Open the chat page and ask the first question yourself."),
        link=_list("conversations_conversation"),
        link_text=_("All of them"),
    )


def _steps(pairs: int, documents: int) -> list[tuple[bool, str, str]]:
    """Return the first steps of a merchant; none once they are done."""
    steps = [
        (pairs > 0, _("Write or import the first QA pairs"), reverse("merchant:knowledge_qapair_import")),
        (documents > 0, _("Upload the first document"), reverse("merchant:knowledge_document_add")),
        (QuestionRecord.objects.exists(), _("Ask the first question on the chat page"), "/chat/"),
    ]
    return [] if all(done for done, _text, _link in steps) else steps
