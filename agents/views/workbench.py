"""The workbench: lists, one conversation, and what stands beside it."""

from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_POST

from agents.forms import ListForm
from agents.models import Seat
from agents.services import assisting, drafting, presence, shelves, suggesting, targets
from agents.services.shelves import Filters
from agents.views import showing
from agents.views.entrance import seat_of_page, staff_only
from conversations.api.chat import event_stream
from conversations.services import zones
from kimono.lib import db
from kimono.lib.errors import Missing
from tenants.models import Tenant

_RECOMMENDED = 5
_LONGEST = 2000


@staff_only
@require_GET
def workbench(request: HttpRequest) -> HttpResponse:
    """Show the workbench, with a conversation when one is named."""
    now = timezone.now()
    seat = seat_of_page(request, now)
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    context = {
        "tenant_name": tenant.name,
        "seat": seat,
        "presence": presence.arrived(seat=seat, now=now),
        "team": presence.team(but=seat.agent_id, now=now),
        "language": "en" if (get_language() or "").startswith("en") else "zh-hans",
        "time_zone": str(zones.merchants_zone()),
        "csp_nonce": str(getattr(request, "csp_nonce", "")),
        **_listing(request, seat),
        **_named(request, seat),
    }
    return render(request, "agents/workbench.html", context)


def _named(request: HttpRequest, seat: Seat) -> dict[str, Any]:
    session_id = request.GET.get("session")
    if not session_id:
        return {}
    try:
        return _case(request, session_id, seat)
    except Missing:
        return {"gone": True}


@staff_only
@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Show one of the lists, as the address says."""
    seat = seat_of_page(request, timezone.now())
    return render(request, "agents/includes/listing.html", _listing(request, seat))


def _listing(request: HttpRequest, seat: Seat) -> dict[str, Any]:
    form = ListForm(request.GET)
    shelf = shelves.listed(
        tab=form.tab_chosen(), viewer=seat.agent_id, filters=Filters(**form.filters()), now=timezone.now()
    )
    return {
        "shelf": shelf,
        "form": form,
        "viewer": seat.agent_id,
        "open_id": request.GET.get("session", ""),
    }


@staff_only
@require_GET
def team(request: HttpRequest) -> HttpResponse:
    """Show which colleagues are there."""
    now = timezone.now()
    seat = seat_of_page(request, now)
    return render(request, "agents/includes/team.html", {"team": presence.team(but=seat.agent_id, now=now)})


@staff_only
@require_GET
def case(request: HttpRequest, session_id: str) -> HttpResponse:
    """Show one conversation and what stands beside it."""
    seat = seat_of_page(request, timezone.now())
    return render(request, "agents/includes/case.html", _case(request, session_id, seat))


def _case(request: HttpRequest, session_id: str, seat: Seat) -> dict[str, Any]:
    return {
        **showing.facts(request, session_id=session_id, seat=seat),
        "story": showing.story(session_id=session_id),
        "asked": showing.asked(session_id=session_id),
    }


@staff_only
@require_GET
def part(request: HttpRequest, session_id: str, name: str) -> HttpResponse:
    """Show anew the head of a conversation, or the facts beside it."""
    seat = seat_of_page(request, timezone.now())
    shown = showing.facts(request, session_id=session_id, seat=seat)
    return render(request, f"agents/includes/{name}.html", shown)


@staff_only
@require_GET
def knowledge(request: HttpRequest, session_id: str) -> HttpResponse:
    """Show what the knowledge says to a question of a conversation."""
    asked = request.GET.get("q", "").strip()[:_LONGEST]
    found: dict[str, Any] = {"chunks": [], "degraded": False}
    if asked:
        found = async_to_sync(assisting.recommend)(session_id=session_id, query=asked, limit=_RECOMMENDED)
    context = {**found, "asked": asked, "sources": showing.sources(found["chunks"])}
    return render(request, "agents/includes/recommended.html", context)


@staff_only
@require_POST
def draft(request: HttpRequest, session_id: str) -> StreamingHttpResponse:
    """Tell the reply that the knowledge would give as server-sent events: `source`s and `text`, then one `done`."""
    question = suggesting.asked(session_id=session_id)
    # The stream goes on without this thread, which would keep its connection until the end.
    db.released()
    return event_stream(suggesting.framed(question))


@staff_only
@require_GET
def transfer(request: HttpRequest, session_id: str) -> HttpResponse:
    """Show to whom a conversation may be given."""
    now = timezone.now()
    seat = seat_of_page(request, now)
    choices = targets.choices(but=seat.agent_id, now=now)
    return render(request, "agents/includes/transfer.html", {"choices": choices})


@staff_only
@require_GET
def ending(request: HttpRequest, session_id: str) -> HttpResponse:
    """Show the question with which a conversation ends: what was asked, and what solved it."""
    solved = drafting.solved(session_id=session_id)
    return render(request, "agents/includes/ending.html", {"solved": solved})
