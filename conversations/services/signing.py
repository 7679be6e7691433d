"""Addresses of cited files as a visitor gets them: each carries a signature for that file, good for an hour."""

from collections.abc import Mapping
from typing import Any

from knowledge.services import links

_ADDRESSES = ("url", "thumb_url")
_LISTS = ("sources", "citations", "attachments")


def signed_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return a citation or an attachment whose addresses are signed."""
    given = {name: item.get(name) for name in _ADDRESSES}
    return {**item, **{name: links.signed(url) for name, url in given.items() if url}}


def signed_message(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Message, or an event that carries one, with signed addresses."""
    if "message" in message and isinstance(message["message"], Mapping):
        return {**message, "message": signed_message(message["message"])}
    return {**message, **_signed_lists(message)}


def signed_response(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return a ChatResponse with signed addresses."""
    return {**response, "data": {**response["data"], **_signed_lists(response["data"])}}


def signed_frame(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of an event of POST /chat/stream with signed addresses."""
    shown = {**data, **_signed_lists(data)}
    if isinstance(data.get("data"), Mapping):
        shown["data"] = {**data["data"], **_signed_lists(data["data"])}
    return shown


def _signed_lists(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: [signed_item(each) for each in data[key]] for key in _LISTS if data.get(key)}
