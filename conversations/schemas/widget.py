"""Shapes of section 16 of the wire contract."""

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import BeforeValidator, StringConstraints

from conversations.schemas.fields import LanguageCode, Short
from kimono.lib.cleaning import clean

# Long addresses of shops carry what they track; the beginning says which page it is.
_MOST_ADDRESS = 1000
Token = Annotated[str, StringConstraints(max_length=512)]


def _of_page(value: Any) -> Any:
    """Return the beginning of the address of a page; nothing for what is none, which nobody is to follow."""
    if not isinstance(value, str):
        return value
    return clean(value)[:_MOST_ADDRESS] if value.startswith(("https://", "http://")) else ""


Address = Annotated[str, BeforeValidator(_of_page)]


class WidgetOut(Schema):
    """How the widget looks, and whether people are there."""

    title: str
    color: str
    position: Literal["left", "right"]
    greeting: str
    language: Literal["zh", "en"]
    csat_enabled: bool
    in_working_hours: bool
    agents_online: int


class HandshakeIn(Schema):
    """WI-02."""

    visitor_token: Token | None = None
    user_id: Short | None = None
    user_hash: Short | None = None
    language: LanguageCode | None = None
    page_url: Address | None = None


class SecretOut(Schema):
    """A secret, shown this once."""

    secret: str
    secret_prefix: str
