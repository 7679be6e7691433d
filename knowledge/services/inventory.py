"""What a merchant's knowledge consists of, in numbers."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q

from kimono.lib.db import current_tenant
from knowledge.models import Document, QAPair, Unit
from knowledge.services import encoders, revisions, visibility


@dataclass(frozen=True, slots=True)
class Stock:
    """Counts of what search can find at present, and of the index."""

    total_documents: int
    total_chunks: int
    total_sources: int
    total_qa_pairs: int
    vector_store_size: int
    bm25_index_size: int
    embedding_dim: int
    collection_name: str
    knowledge_version: str
    last_updated: datetime | None
    persist_dir: str = ""


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """A category with what is in it."""

    category: str
    qa_count: int
    document_count: int


def stock() -> Stock:
    """Count the current tenant's knowledge: entries that may be found now, whoever asks."""
    units = visibility.searchable(visibility.view_of()).filter(role__in=[Unit.Role.QUESTION, Unit.Role.CHUNK])
    counts = units.aggregate(
        all=Count("pk"), embedded=Count("pk", filter=Q(embedding__isnull=False)), chunks=Count("chunk")
    )
    documents = Document.objects.exclude(status=Document.Status.DELETED)
    return Stock(
        total_documents=documents.count(),
        total_chunks=counts["chunks"],
        total_sources=documents.values("source").distinct().count(),
        total_qa_pairs=QAPair.objects.filter(status=QAPair.Status.ACTIVE).count(),
        vector_store_size=counts["embedded"],
        bm25_index_size=counts["all"],
        embedding_dim=encoders.dimensions(),
        collection_name=current_tenant().schema_name,
        knowledge_version=revisions.label(),
        last_updated=revisions.last_changed(),
    )


def categories() -> list[CategoryCount]:
    """Return the categories in use, of pairs and of documents, by name."""
    pairs = dict(
        QAPair.objects.filter(status=QAPair.Status.ACTIVE)
        .exclude(category="")
        .order_by()
        .values_list("category")
        .annotate(n=Count("pk"))
    )
    documents = dict(
        Document.objects.exclude(status=Document.Status.DELETED)
        .order_by()
        .values_list("product_category")
        .annotate(n=Count("pk"))
    )
    return [
        CategoryCount(name, qa_count=pairs.get(name, 0), document_count=documents.get(name, 0))
        for name in sorted({*pairs, *documents})
    ]
