"""Whose vectors the current tenant's index is made of: what a question has to be encoded with to be compared with them."""

from django.db import connection

from kimono import providers
from knowledge.models import KnowledgeState

_IN_FORCE = (
    "SELECT coalesce((SELECT nullif(encoder_id, '') FROM knowledge_knowledgestate LIMIT 1),"
    " (SELECT encoder_id FROM knowledge_unit WHERE encoder_id <> '' ORDER BY encoder_id LIMIT 1))"
)


def in_force() -> str:
    """Return the encoder whose vectors are searched: that of the vectors there are, before the first the configured one.

    It changes with `switch` alone, not with the configuration.
    """
    with connection.cursor() as cursor:
        cursor.execute(_IN_FORCE)
        return cursor.fetchone()[0] or configured()


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
