"""Keeps the search index in step with pairs and versions, in the transaction of their change.

Texts are embedded before the transaction opens, for none is held across the network: ask here for the texts, embed
them, then store the change and index it with the vectors. Without vectors a text is found by its words alone until
`store_vectors` brings them.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import transaction
from django.db.models import Q, QuerySet

from kimono.lib.db.inserting import insert
from knowledge.models import Chunk, QAPair, Unit, Version
from knowledge.services import headings, postings
from knowledge.services.terms import terms

Vector = Sequence[float]
_Role = Unit.Role
# Texts longer than this are cut before they are embedded; models read no more either.
MOST_CHARACTERS = 8_000
_AT_ONCE = 500


def texts_of_pairs(pairs: Iterable[QAPair]) -> list[str]:
    """Return the texts of `pairs` to embed: questions and similar questions, each once, in order."""
    return list(dict.fromkeys(text for pair in pairs for text in _wordings(pair)))


def index_pairs(*, pairs: Sequence[QAPair], vectors: Mapping[str, Vector] | None, encoder_id: str) -> None:
    """Replace the units of `pairs` by what the pairs say now.

    `vectors` holds a vector per text of `texts_of_pairs`; a text that it lacks is found by its words alone. Call it
    once for many pairs. Must be called in the transaction of the change; the revision is raised by the caller.
    """
    known = vectors or {}
    Unit.objects.filter(pair__in=pairs).delete()
    made: list[tuple[Unit, Counter[str]]] = []
    for pair in pairs:
        question, *similar = _wordings(pair)
        made.append(_unit(_Role.QUESTION, question, known.get(question), encoder_id, pair=pair))
        made += [_unit(_Role.SIMILAR, text, known.get(text), encoder_id, pair=pair) for text in similar]
        made.append(_unit(_Role.ANSWER, body_of_pair(pair), None, "", pair=pair))
    _store(made)


def body_of_pair(pair: QAPair) -> str:
    """Return what is searched of a pair besides its wordings: the answer and the merchant's keywords."""
    return "\n".join([pair.answer, " ".join(pair.keywords)]).strip()


def text_of_chunk(chunk: Chunk, version: Version) -> str:
    """Return what is searched and embedded for a chunk: its text under the document's title and the headings above it."""
    heads = headings.above(title=version.title, section=chunk.section, text=chunk.text)
    return "\n".join([*heads, chunk.text])[:MOST_CHARACTERS]


def index_version(*, version: Version, vectors: Mapping[int, Vector] | None, encoder_id: str) -> int:
    """Replace the units of a version by its chunks as they are stored, and return how many there are.

    `vectors` by primary key of the chunk, made from `text_of_chunk`. Run twice, it leaves the same. Must be called in
    the transaction that stores the chunks.
    """
    Unit.objects.filter(version=version).delete()
    chunks = list(version.chunks.order_by("index"))
    return index_chunks(version=version, chunks=chunks, vectors=vectors, encoder_id=encoder_id)


def index_chunks(
    *, version: Version, chunks: Sequence[Chunk], vectors: Mapping[int, Vector] | None, encoder_id: str
) -> int:
    """Add units for chunks of a version that have none, and return how many were added.

    For large versions, a batch per transaction. `vectors` as for `index_version`.
    """
    known = vectors or {}
    made = []
    for chunk in chunks:
        text = text_of_chunk(chunk, version)
        made.append(_unit(_Role.CHUNK, text, known.get(chunk.pk), encoder_id, chunk=chunk, version=version))
    _store(made)
    return len(made)


def remove_pairs(*, pair_ids: Sequence[int]) -> int:
    """Take pairs out of the index, by primary key, and return how many units were removed."""
    return Unit.objects.filter(pair_id__in=pair_ids).delete()[0]


def remove_version(*, version: Version) -> int:
    """Take a version out of the index and return how many units were removed."""
    return Unit.objects.filter(version=version).delete()[0]


def unsynced_units(*, limit: int, encoder_id: str = "") -> list[tuple[int, str]]:
    """Return units that lack a vector, with the text to embed; with `encoder_id` also those of another encoder."""
    return texts_of(_lacking(encoder_id), limit=limit)


def texts_of(wanted: QuerySet[Unit], *, limit: int) -> list[tuple[int, str]]:
    """Return the first `limit` of these units, by primary key, with the text to embed; no answers may be among them."""
    units = list(
        wanted.select_related("pair", "chunk", "version")
        .defer("version__text", "embedding", "next_embedding")
        .prefetch_related("pair__similar")
        .order_by("pk")[:limit]
    )
    places = _places({unit.pair_id for unit in units if unit.pair_id is not None})
    return [(unit.pk, _text(unit, places)) for unit in units]


def _places(pairs: Collection[int]) -> dict[int, int]:
    """Return which wording of its pair each unit stands for: they were stored in that order."""
    places: dict[int, int] = {}
    seen: Counter[int] = Counter()
    wordings = Unit.objects.filter(pair_id__in=pairs).exclude(role=_Role.ANSWER).order_by("pk")
    for unit, pair in wordings.values_list("pk", "pair_id"):
        if pair is not None:
            places[unit] = seen[pair]
            seen[pair] += 1
    return places


def _text(unit: Unit, places: Mapping[int, int]) -> str:
    if unit.chunk is not None and unit.version is not None:
        return text_of_chunk(unit.chunk, unit.version)
    assert unit.pair is not None
    return _wordings(unit.pair)[places[unit.pk]]


def store_vectors(*, vectors: Mapping[int, Vector], encoder_id: str) -> int:
    """Give units (by primary key) their vectors, mark owners that are complete as synced, return how many were set."""
    with transaction.atomic():
        units = list(Unit.objects.select_for_update(no_key=True).filter(pk__in=vectors))
        for unit in units:
            unit.embedding, unit.encoder_id = list(vectors[unit.pk]), encoder_id
        Unit.objects.bulk_update(units, ["embedding", "encoder_id"], batch_size=500)
        lacking = _lacking(encoder_id)
        pairs = {unit.pair_id for unit in units if unit.pair_id is not None}
        waiting = set(lacking.filter(pair_id__in=pairs).values_list("pair_id", flat=True))
        QAPair.objects.filter(pk__in=pairs - waiting).update(is_synced=True)
        versions = {unit.version_id for unit in units if unit.version_id is not None}
        behind = set(lacking.filter(version_id__in=versions).values_list("version_id", flat=True))
        Version.objects.filter(pk__in=versions - behind).update(is_synced=True)
    return len(units)


def store_next_vectors(*, vectors: Mapping[int, Vector], encoder_id: str) -> None:
    """Lay vectors of the encoder to come beside those in use; units that are gone by now are passed over."""
    units = [
        Unit(pk=pk, next_embedding=list(vector), next_encoder_id=encoder_id) for pk, vector in vectors.items()
    ]
    Unit.objects.bulk_update(units, ["next_embedding", "next_encoder_id"], batch_size=500)


def _lacking(encoder_id: str) -> QuerySet[Unit]:
    lacks = Q(embedding__isnull=True)
    if encoder_id:
        lacks |= ~Q(encoder_id=encoder_id)
    return Unit.objects.filter(lacks).exclude(role=_Role.ANSWER)


def _wordings(pair: QAPair) -> list[str]:
    return [pair.question, *(similar.text for similar in pair.similar.all())]


def _unit(
    role: str,
    text: str,
    vector: Vector | None,
    encoder_id: str,
    *,
    pair: QAPair | None = None,
    chunk: Chunk | None = None,
    version: Version | None = None,
) -> tuple[Unit, Counter[str]]:
    counts = Counter(terms(text))
    unit = Unit(
        pair=pair,
        chunk=chunk,
        version=version,
        role=role,
        length=counts.total(),
        embedding=list(vector) if vector is not None else None,
        encoder_id=encoder_id if vector is not None else "",
    )
    return unit, counts


def _store(made: Sequence[tuple[Unit, Counter[str]]]) -> None:
    for start in range(0, len(made), _AT_ONCE):
        insert([unit for unit, _ in made[start : start + _AT_ONCE]])
    questions = (_Role.QUESTION, _Role.SIMILAR)
    postings.add(
        collection=postings.QUESTIONS,
        units={unit.pk: counts for unit, counts in made if unit.role in questions},
    )
    postings.add(
        collection=postings.BODIES,
        units={unit.pk: counts for unit, counts in made if unit.role not in questions},
    )
