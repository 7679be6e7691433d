"""Shapes of AG-14 and AG-15."""

from ninja import Schema

from conversations.schemas.fields import Said


class NoteIn(Schema):
    """AG-15."""

    content: Said


class NoteOut(Schema):
    """What an agent noted; contacts never see it."""

    note_id: str
    seq: int
    content: str
    author_id: str
    author_name: str
    created_at: str
