"""Doors of search and of what the knowledge consists of: KB-17, KB-18, KB-19."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from kimono.lib.errors import Denied
from kimono.lib.threads import in_thread
from knowledge.schemas import search as shapes
from knowledge.services import inventory, retrieval, tuning, visibility
from knowledge.services.inventory import Stock
from tenants.auth import AsyncGuard, Guard, Principal, principal_of
from tenants.paging import Page, Paged, paged

router = Router(tags=["search"])
KNOWLEDGE = Guard("knowledge")
SEARCH = AsyncGuard("knowledge", "chat", reads=True)


@router.get("/knowledge/stats", response=shapes.StatsOut, auth=KNOWLEDGE, operation_id="KB-17")
def show_stats(request: HttpRequest) -> Stock:
    """Count documents, chunks and QA pairs that can be found now."""
    return inventory.stock()


@router.post("/knowledge/search", response=shapes.Hits, auth=SEARCH, operation_id="KB-18")
async def search_knowledge(request: HttpRequest, data: shapes.SearchIn) -> dict[str, Any]:
    """Search QA pairs and documents as chat does; the scores are those of chat."""
    _check_version(data, principal_of(request))
    found = await retrieval.search(
        query=data.query,
        limit=data.top_k,
        view=visibility.view_of(),
        params=await in_thread(tuning.effective),
        ref="search",
        category=data.category,
        doc_id=data.doc_id,
        kind=data.kind,
        version=data.version,
    )
    return shapes.show_hits(found, query=data.query, min_score=data.min_score, explain=data.explain)


def _check_version(data: shapes.SearchIn, principal: Principal) -> None:
    # Who may only chat sees what is on show, never a version that is being prepared.
    if data.version and principal.kind == "key" and "knowledge" not in principal.scopes:
        raise Denied(code="insufficient_scope", extra={"required_scope": "knowledge"})


@router.get("/knowledge/categories", response=Paged[shapes.CategoryOut], auth=KNOWLEDGE, operation_id="KB-19")
def list_categories(request: HttpRequest, query: Query[Page]) -> dict[str, Any]:
    """List the categories of pairs and documents with how many of each there are."""
    return paged(inventory.categories(), query)
