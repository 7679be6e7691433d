"""The index over vectors: none while a scan is quicker and exact, HNSW in a large table.

Measured with pgvector 0.8: a scan of 10,000 vectors of 384 numbers takes 4 ms; HNSW with the usual ef_search of 40 finds
.88 of the ten nearest at 10,000 rows and .78 at 36,000, so ef_search grows with the table.
"""

import hashlib

from django.db import connection
from django.db.models import Count
from psycopg import sql

from kimono.lib import db
from knowledge.models import Unit

# From here on the index is made and used.
HNSW_ROWS = 10_000
_M, _EF_CONSTRUCTION = 24, 128


def ef_search(rows: int) -> int:
    """Return how many neighbours HNSW keeps while it searches a table of `rows` vectors."""
    if rows <= 20_000:
        return 200
    return 320 if rows <= 60_000 else 480


def waiting() -> list[str]:
    """Return the encoders whose vectors are many enough for an index and have none."""
    counts = (
        Unit.objects.filter(embedding__isnull=False)
        .values("encoder_id")
        .annotate(rows=Count("pk"))
        .order_by()
    )
    large = [row["encoder_id"] for row in counts if row["rows"] > HNSW_ROWS]
    return [encoder for encoder in large if not _usable(_name(encoder))]


def build(*, encoder_id: str) -> bool:
    """Make the HNSW index over the vectors of one encoder; return False when it is there already.

    For a job: it takes minutes at 100,000 vectors, and holds up neither readers nor writers. What a build that was cut
    off has left is removed first. Raises `Unavailable` without `DATABASE_OWNER_URL`.
    """
    embedded = Unit.objects.filter(encoder_id=encoder_id, embedding__isnull=False)
    first = embedded.values_list("embedding", flat=True).first()
    if first is None or _usable(_name(encoder_id)):
        return False
    schema = sql.Identifier(db.current_tenant().schema_name)
    name = sql.Identifier(_name(encoder_id))
    make = sql.SQL(
        "CREATE INDEX CONCURRENTLY {name} ON {schema}.knowledge_unit USING hnsw"
        " ((embedding::public.vector({size})) public.vector_cosine_ops)"
        " WITH (m = {m}, ef_construction = {ef}) WHERE encoder_id = {encoder}"
    ).format(
        name=name,
        schema=schema,
        size=sql.Literal(len(first)),
        m=sql.Literal(_M),
        ef=sql.Literal(_EF_CONSTRUCTION),
        encoder=sql.Literal(encoder_id),
    )
    with db.owner_connection() as raw:
        # An index is made concurrently outside of any transaction only.
        raw.autocommit = True
        raw.execute("SET statement_timeout = 0")
        raw.execute("SET maintenance_work_mem = '256MB'")
        raw.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}.{}").format(schema, name))
        raw.execute(make)
    return True


def _name(encoder_id: str) -> str:
    return "unit_hnsw_" + hashlib.sha256(encoder_id.encode()).hexdigest()[:12]


def _usable(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(%s) AND indisvalid)",
            [f"{db.current_tenant().schema_name}.{name}"],
        )
        return bool(cursor.fetchone()[0])
