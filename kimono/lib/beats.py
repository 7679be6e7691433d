"""Whether what runs at intervals is started: of all beats the one that fires holds an advisory lock of PostgreSQL."""

from django.db import connection

# Any constant; all beats of one database ask for the same.
LOCK = 0x6B696D6F
_HELD = """
    SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = %s
       AND objsubid = 1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


def is_fired() -> bool:
    """Tell whether a beat fires now."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [LOCK])
        return bool(cursor.fetchone()[0])
