"""What a whole search goes by, asked in one question: whose vectors, which revision, which canaries."""

from dataclasses import dataclass

from django.db.backends.utils import CursorWrapper

from knowledge.services import encoders, revisions, visibility
from knowledge.services.visibility import View

_STANDING = (
    f"SELECT {encoders.IN_FORCE}, {revisions.CURRENT},"
    " (SELECT json_agg(json_build_array(r.document, r.public_id, r.version, r.traffic_percent))"
    f" FROM ({visibility.RUNNING}) AS r)"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of the knowledge at one moment, as a view sees it.

    `encoder_id` made the vectors there are (see `encoders.in_force`); `seen` are the versions shown in the place of
    their documents' current ones, primary key of the document → of the version.
    """

    encoder_id: str
    revision: int
    seen: dict[int, int]


def read(view: View, *, cursor: CursorWrapper) -> Standing:
    """Return how the current tenant's knowledge stands for `view`."""
    cursor.execute(_STANDING)
    encoder_id, revision, running = cursor.fetchone()
    return Standing(encoder_id or encoders.configured(), revision, visibility.seen_of(running or (), view))
