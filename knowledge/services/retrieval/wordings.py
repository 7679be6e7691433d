"""The wordings of the first entries, for a second look at them."""

from collections.abc import Sequence

from django.db.backends.utils import CursorWrapper

from knowledge.services.looking import Look, look
from knowledge.services.ranking import Owner, Ranked

# Similar questions by their place, as the index counts them: the pair's own question is 0.
_TEXTS = """
    WITH wanted AS (SELECT * FROM unnest(%s::bigint[], %s::int[]) AS t(pair, place))
    SELECT p.id, p.question FROM knowledge_qapair p JOIN wanted w ON w.pair = p.id AND w.place = 0
    UNION ALL
    SELECT w.pair, (SELECT s.text FROM knowledge_similarquestion s WHERE s.pair_id = w.pair
                     ORDER BY s.position, s.id OFFSET w.place - 1 LIMIT 1)
      FROM wanted w WHERE w.place > 0
"""


def looks(entries: Sequence[Ranked], *, query: str, cursor: CursorWrapper) -> dict[Owner, Look]:
    """Return how the best wording of each pair among `entries` compares with `query`; chunks have none."""
    wanted = [
        (entry.owner.pk, entry.wording)
        for entry in entries
        if entry.owner.kind == "qa" and entry.wording is not None
    ]
    if not wanted:
        return {}
    cursor.execute(_TEXTS, [[pair for pair, _ in wanted], [place for _, place in wanted]])
    return {Owner("qa", pair): look(query, text) for pair, text in cursor.fetchall() if text}
