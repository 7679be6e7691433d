"""Chunks into a merchant's tables by COPY, and into the keyword index by the product's own writer."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import psycopg

from benchmarks.corpus import Made, chunks

if TYPE_CHECKING:
    from tenants.models import Tenant

CHUNKS_PER_DOCUMENT = 500


def grow(tenant: "Tenant", *, have: int, want: int) -> float:
    """Add chunks until there are `want`, then do what the product's own job does with an index that has grown.

    Returns how many seconds that job's work took: segments merged, an index made over vectors that have become many.
    """
    from django.db import transaction

    from kimono.lib import db
    from knowledge.services import postings, revisions, vectors

    with db.tenant_scope(tenant):
        for batch in chunks(have, want - have):
            with transaction.atomic():
                numbers = _units(batch)
                units = {number: made.terms for number, made in zip(numbers, batch, strict=True)}
                postings.add(collection=postings.BODIES, units=units)
        with transaction.atomic():
            revisions.bump()
        begun = time.perf_counter()
        postings.merge(collection=postings.BODIES)
        for encoder in vectors.waiting():
            vectors.build(encoder_id=encoder)
        took = time.perf_counter() - begun
    _analyse(tenant)
    return took


def _units(batch: Sequence[Made]) -> list[int]:
    from django.db import connection

    from kimono.providers.local import LocalEncoder

    numbers: list[int] = []
    with connection.cursor() as cursor:
        for start in range(0, len(batch), CHUNKS_PER_DOCUMENT):
            part = batch[start : start + CHUNKS_PER_DOCUMENT]
            version = _document(part)
            first = _next(cursor, "knowledge_chunk", len(part))
            unit = _next(cursor, "knowledge_unit", len(part))
            _copy(
                cursor,
                'knowledge_chunk (id, public_id, version_id, index, kind, section, text, start, "end", attachments)',
                [
                    (
                        first + place,
                        f"chk-bench-{first + place}",
                        version,
                        place,
                        "text",
                        "",
                        made.text,
                        0,
                        len(made.text),
                        [],
                    )
                    for place, made in enumerate(part)
                ],
            )
            _copy(
                cursor,
                "knowledge_unit (id, chunk_id, version_id, role, length, encoder_id, embedding, next_encoder_id)",
                [
                    (
                        *(unit + place, first + place, version, "chunk", made.terms.total()),
                        *(LocalEncoder().encoder_id, str(made.vector), ""),
                    )
                    for place, made in enumerate(part)
                ],
            )
            numbers += range(unit, unit + len(part))
    return numbers


def _document(part: Sequence[Made]) -> int:
    from kimono.lib.ids import new_id
    from knowledge.models import Document, Version

    name = new_id("doc")
    document = Document.objects.create(public_id=name, source=f"{name}.md", title=name, file_type="md")
    version = Version.objects.create(
        document=document,
        number=1,
        doc_hash=name,
        status=Version.Status.ACTIVE,
        text="\n".join(made.text for made in part),
        is_indexed=True,
        is_synced=True,
    )
    document.status, document.current_version = Document.Status.ACTIVE, version
    document.save()
    return version.pk


def _next(cursor: Any, table: str, count: int) -> int:
    """Return the first of so many consecutive keys."""
    cursor.execute(
        "SELECT min(n) FROM (SELECT nextval(pg_get_serial_sequence(%s, 'id')) AS n FROM generate_series(1, %s)) taken",
        [table, count],
    )
    return int(cursor.fetchone()[0])


def _copy(cursor: Any, target: str, rows: Sequence[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _analyse(tenant: "Tenant") -> None:
    from django.conf import settings

    with psycopg.connect(settings.DATABASE_OWNER_URL, autocommit=True) as raw:
        for table in ("document", "version", "chunk", "unit", "posting", "segment"):
            raw.execute(f'VACUUM ANALYZE "{tenant.schema_name}".knowledge_{table}')
