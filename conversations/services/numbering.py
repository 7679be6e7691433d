"""What is told in order, under one counter: the inbox of a merchant, the console of the platform.

An entry is written in the transaction of the change, under a counter whose row stays locked until then: whoever has
seen a number never later learns of a smaller one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection, models, transaction
from psycopg import sql

from conversations.services import doorbell

KEPT = timedelta(hours=24)
MOST_KEPT = 10_000
MOST = 200
_TIDIED_EVERY = 500
_ONLY = 1
_NEXT = sql.SQL(
    "INSERT INTO {} AS counter (id, last_seq) VALUES (%s, 1)"
    " ON CONFLICT (id) DO UPDATE SET last_seq = counter.last_seq + 1 RETURNING last_seq"
)


@dataclass(frozen=True)
class Reach:
    """How far entries go: the last number, and the number before the oldest entry that is still kept."""

    last: int
    kept_after: int


@dataclass(frozen=True)
class Numbering:
    """Rows of `entry` (at least `seq` and `created_at`), numbered by the only row of `counter` (`last_seq`)."""

    entry: type[models.Model]
    counter: type[models.Model]

    def add(self, *, group: str, now: datetime, **fields: Any) -> int:
        """Write an entry, ring in `group` once that is committed, and return its number.

        Needs an open transaction, and to be the last thing in it: others wait until it ends.
        """
        with connection.cursor() as cursor:
            cursor.execute(_NEXT.format(sql.Identifier(self.counter._meta.db_table)), [_ONLY])
            seq = int(cursor.fetchone()[0])
        rows = self.entry._default_manager
        rows.create(seq=seq, created_at=now, **fields)
        if seq % _TIDIED_EVERY == 0:
            rows.filter(seq__lte=seq - MOST_KEPT).delete()
            rows.filter(created_at__lt=now - KEPT).delete()
        transaction.on_commit(partial(doorbell.ring, group))
        return seq

    def reach(self) -> Reach:
        """Return how far they go."""
        counted = self.counter._default_manager.filter(pk=_ONLY)
        last = counted.values_list("last_seq", flat=True).first() or 0
        oldest = self.entry._default_manager.order_by("seq").values_list("seq", flat=True).first()
        return Reach(last, oldest - 1 if oldest is not None else last)
