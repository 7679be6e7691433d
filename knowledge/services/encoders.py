"""Whose vectors the current tenant's index is made of: what a question has to be encoded with to be compared with them."""

from django.db import connection

from kimono import providers
from kimono.lib.db import current_tenant
from knowledge.models import Fit, KnowledgeState

# An expression, for questions that ask for more; NULL where there are no vectors yet.
IN_FORCE = (
    "coalesce((SELECT nullif(encoder_id, '') FROM knowledge_knowledgestate LIMIT 1),"
    " (SELECT encoder_id FROM knowledge_unit WHERE encoder_id <> '' ORDER BY encoder_id LIMIT 1))"
)


def in_force() -> str:
    """Return the encoder whose vectors are searched: that of the vectors there are, before the first the configured one.

    It changes with `switch` alone, not with the configuration.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {IN_FORCE}")
        return cursor.fetchone()[0] or configured()


class Switched(Exception):
    """The vectors there are were made by another encoder, `encoder_id`, than the one that was expected."""

    def __init__(self, encoder_id: str) -> None:
        super().__init__(encoder_id)
        self.encoder_id = encoder_id


# By schema. What this process saw in force last: a guess that spares a question before each search, which checks it.
_seen: dict[str, str] = {}
_MOST_SEEN = 10_000


def expected() -> str:
    """Return the encoder that is probably in force; whoever relies on it has to `check`."""
    return _seen.get(current_tenant().schema_name) or configured()


def check(encoder_id: str, *, in_force: str) -> None:
    """Raise `Switched` when another encoder is in force than the one relied on, which is then the one expected."""
    if len(_seen) >= _MOST_SEEN:
        _seen.clear()
    _seen[current_tenant().schema_name] = in_force
    if encoder_id != in_force:
        raise Switched(in_force)


def configured() -> str:
    """Return the encoder whose vectors are to be searched."""
    return providers.current().encoder.encoder_id


def dimensions() -> int:
    """Return the length of the vectors in force; of those to come when their encoder is not configured any more."""
    known = providers.current()
    return (known.encoder_named(in_force()) or known.encoder).dimensions


def switch(encoder_id: str) -> None:
    """Put an encoder in force. Must be called in the transaction that makes its vectors those of the index."""
    KnowledgeState.objects.bulk_create([KnowledgeState()], ignore_conflicts=True)
    KnowledgeState.objects.update(encoder_id=encoder_id)
    # What was fitted on the vectors of another encoder says nothing about these.
    Fit.objects.all().delete()
