"""The keyword index in PostgreSQL: which units hold a term. Written in segments, so that no two writers share a row.

A writer adds a segment of its own with one row per term. Small segments are merged eight at a time, so a term is in a
handful of rows however many writers there were. How common a term is comes out of the rows themselves: there is no
counter to keep, or to wait for.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from numpy.typing import NDArray

from knowledge.models import Posting, Segment, Unit

QUESTIONS, BODIES = Segment.Collection.QUESTIONS, Segment.Collection.BODIES
COLLECTIONS = (QUESTIONS, BODIES)

# One posting: the unit, how often the term occurs in it, how many terms it has.
POSTING = np.dtype([("unit", "<u4"), ("count", "<u2"), ("length", "<u2")])
_MOST = 65_535
_FAN_IN = 8
# A merge of more units than this is left to a job: it would hold up the writer.
INLINE_UNITS = 256
# Postings read for one question and collection; the commonest terms are left out beyond it.
MOST_POSTINGS = 500_000

Postings = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Listed:
    """What one collection says about the terms of a question.

    `postings` by term; `frequency` counts the units of each, also of terms that were too common to be read.
    """

    units: int
    mean_length: float
    frequency: dict[int, int]
    postings: dict[int, Postings]


def term_key(term: str) -> int:
    """Return the 64-bit number a term is stored under; the same in every process."""
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest(), "big", signed=True)


def add(*, collection: str, units: Mapping[int, Counter[str]]) -> None:
    """Write a segment with the terms of `units` (unit id → terms and their counts), and merge small segments.

    Must be called in the transaction that stores the units.
    """
    units = {unit: counts for unit, counts in units.items() if counts}
    if not units:
        return
    segment = Segment.objects.create(
        collection=collection,
        units=len(units),
        total_length=sum(counts.total() for counts in units.values()),
    )
    rows = _rows_of(units)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO knowledge_posting (segment_id, collection, term, units, data)"
            " SELECT %s, %s, term, units, data FROM unnest(%s::bigint[], %s::int[], %s::bytea[]) AS t(term, units, data)",
            [segment.pk, collection, *rows],
        )
    merge(collection=collection, most_units=INLINE_UNITS)


def _rows_of(units: Mapping[int, Counter[str]]) -> tuple[list[int], list[int], list[bytes]]:
    by_term: dict[str, list[tuple[int, int, int]]] = {}
    for unit, counts in units.items():
        length = min(counts.total(), _MOST)
        for term, count in counts.items():
            by_term.setdefault(term, []).append((unit, min(count, _MOST), length))
    keys = [term_key(term) for term in by_term]
    data = [np.array(rows, dtype=POSTING).tobytes() for rows in by_term.values()]
    return keys, [len(rows) for rows in by_term.values()], data


# The rarest terms of a collection come with their postings until those are too many, three terms at least.
_READ = """
    WITH sizes AS (
        SELECT collection, term, sum(units)::bigint AS units FROM knowledge_posting
         WHERE collection = ANY(%s) AND term = ANY(%s::bigint[]) GROUP BY collection, term
    ), ordered AS (
        SELECT *, sum(units) OVER rarest AS so_far, row_number() OVER rarest AS place FROM sizes
        WINDOW rarest AS (PARTITION BY collection ORDER BY units, term)
    )
    SELECT collection, NULL::bigint, sum(units)::bigint, sum(total_length)::bigint, NULL::bytea
      FROM knowledge_segment GROUP BY collection
    UNION ALL
    SELECT collection, term, units, 0, CASE WHEN so_far <= %s OR place <= 3 THEN (
               SELECT string_agg(data, ''::bytea) FROM knowledge_posting AS p
                WHERE p.collection = ordered.collection AND p.term = ordered.term) END
      FROM ordered
"""


def read(
    terms: Iterable[str], *, cursor: CursorWrapper, collections: Sequence[str] = COLLECTIONS
) -> dict[str, Listed]:
    """Return what each collection knows about `terms`, in one query whatever the number of terms."""
    names = [str(name) for name in collections]
    cursor.execute(_READ, [names, [term_key(term) for term in terms], MOST_POSTINGS])
    sizes: dict[str, tuple[int, int]] = {}
    frequency: dict[str, dict[int, int]] = {name: {} for name in names}
    postings: dict[str, dict[int, Postings]] = {name: {} for name in names}
    for name, term, units, length, data in cursor.fetchall():
        if term is None:
            sizes[name] = (units, length)
            continue
        frequency[name][term] = units
        if data is not None:
            postings[name][term] = np.frombuffer(bytes(data), dtype=POSTING)
    listed = {}
    for name in names:
        units, length = sizes.get(name, (0, 0))
        listed[name] = Listed(units, length / units if units else 0.0, frequency[name], postings[name])
    return listed


def merge(*, collection: str, most_units: int | None = None) -> int:
    """Merge segments of like size, eight or more into one, and return how many were merged away.

    `most_units` bounds the size of what is written. Another merge at the same time makes this one do nothing.
    """
    merged = 0
    with transaction.atomic():
        if not _alone():
            return 0
        if most_units is None:
            _take_time()
        while group := _group_to_merge(collection, most_units):
            _merge_group(collection, group)
            merged += len(group)
    return merged


def merge_waits() -> bool:
    """Tell whether there are segments to merge that are too large to be merged by a writer."""
    return any(_group_to_merge(str(collection), None) for collection in COLLECTIONS)


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtext('kimono.postings'), hashtext(current_schema()))"
        )
        return bool(cursor.fetchone()[0])


def _take_time() -> None:
    """Lift the time limit of statements until the transaction ends; for jobs, nobody waits for them."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")


def _group_to_merge(collection: str, most_units: int | None) -> list[int]:
    tiers: dict[int, list[tuple[int, int]]] = {}
    for pk, units in Segment.objects.filter(collection=collection).order_by("pk").values_list("pk", "units"):
        tiers.setdefault((max(units, 1).bit_length() - 1) // 3, []).append((pk, units))
    for _, group in sorted(tiers.items()):
        if len(group) >= _FAN_IN and (most_units is None or sum(units for _, units in group) <= most_units):
            return [pk for pk, _ in group]
    return []


def _merge_group(collection: str, group: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO knowledge_segment (collection, units, total_length)"
            " SELECT %s, sum(units), sum(total_length) FROM knowledge_segment WHERE id = ANY(%s) RETURNING id",
            [collection, group],
        )
        new = cursor.fetchone()[0]
        cursor.execute(
            "INSERT INTO knowledge_posting (segment_id, collection, term, units, data)"
            " SELECT %s, %s, term, sum(units), string_agg(data, ''::bytea) FROM knowledge_posting"
            " WHERE segment_id = ANY(%s) GROUP BY term",
            [new, collection, group],
        )
        cursor.execute("DELETE FROM knowledge_posting WHERE segment_id = ANY(%s)", [group])
        cursor.execute("DELETE FROM knowledge_segment WHERE id = ANY(%s)", [group])


def purge_waits() -> bool:
    """Tell whether more than a quarter of what the index names is gone."""
    named = sum(Segment.objects.values_list("units", flat=True))
    gone = named - Unit.objects.count()
    return gone > 200 and gone * 4 > named


def purge() -> int:
    """Drop the postings of units that are gone and return how many units those were."""
    with transaction.atomic():
        if not _alone():
            return 0
        _take_time()
        live = np.array(sorted(Unit.objects.values_list("pk", flat=True)), dtype="<u4")
        return sum(_purge_segment(segment, live) for segment in Segment.objects.order_by("pk"))


def _purge_segment(segment: Segment, live: NDArray[np.uint32]) -> int:
    lengths: dict[int, int] = {}
    changed: list[Posting] = []
    empty: list[int] = []
    for row in Posting.objects.filter(segment=segment).iterator(chunk_size=2000):
        postings = np.frombuffer(bytes(row.data), dtype=POSTING)
        kept = postings[np.isin(postings["unit"], live)]
        lengths.update(zip(kept["unit"].tolist(), kept["length"].tolist(), strict=True))
        if len(kept) == 0:
            empty.append(row.pk)
        elif len(kept) < len(postings):
            row.data, row.units = kept.tobytes(), len(kept)
            changed.append(row)
    Posting.objects.filter(pk__in=empty).delete()
    Posting.objects.bulk_update(changed, ["data", "units"], batch_size=500)
    gone = segment.units - len(lengths)
    if lengths:
        Segment.objects.filter(pk=segment.pk).update(units=len(lengths), total_length=sum(lengths.values()))
    else:
        segment.delete()
    return gone
