"""Messages of a conversation, in the shapes in which chat systems export them."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SPEAKERS = (
    "speaker", "sender_name", "sender", "from_name", "fromName", "from", "role", "author", "nickname", "user_name",
    "name", "user", "who", "说话人", "发送者", "发送人", "角色",
)  # fmt: skip
_TEXTS = (
    "content", "text", "message", "msg", "value", "utterance", "body", "markdown", "消息内容", "聊天内容", "内容",
)  # fmt: skip
_TIMES = ("time", "timestamp", "msgtime", "send_time", "created_at", "date", "发送时间", "消息时间", "时间")
_LISTS = (
    "messages", "dialogue", "dialog", "dialogs", "conversation", "conversations", "turns", "utterances", "msg_list",
    "chat", "chats", "history", "log", "original", "records", "comments", "replies", "chatdata", "消息", "对话", "聊天记录",
)  # fmt: skip
_UNITS = ("conversation_id", "conversationId", "session_id", "sessionId", "dialogue_id", "chat_id", "roomid", "room_id",
          "open_kfid", "会话ID", "会话id")  # fmt: skip
# Who a message of the WeChat customer service interface is from.
_ORIGINS = {3: "customer", 4: "system", 5: "agent"}
_ROLES = {
    "user": "customer", "human": "customer", "visitor": "customer", "client": "customer", "gpt": "agent",
    "assistant": "agent", "bot": "agent", "staff": "agent", "seller": "agent",
}  # fmt: skip
_MEDIA_KINDS = "image voice video file emotion sticker location card weapp calendar vote redpacket meeting"
_MEDIA = frozenset(_MEDIA_KINDS.split())


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody said; `unit` tells the conversations of one file apart."""

    speaker: str
    text: str
    unit: str = ""

    @property
    def line(self) -> str:
        """Return the message on one line."""
        text = " ".join(self.text.split())
        return f"{self.speaker}: {text}" if self.speaker else text


def message_list(value: Mapping[str, Any]) -> tuple[str, list[Message]] | None:
    """Return the name and the messages of the list in a record that is a conversation; None when it has none."""
    for name in _LISTS:
        if isinstance(inner := value.get(name), list) and (messages := dialogue(inner)):
            return name, messages
    return None


def dialogue(values: Sequence[Any]) -> list[Message] | None:
    """Return the messages that a list consists of; None when it is not a conversation.

    A message is a mapping with words and somebody who says them, or a pair of speaker and words. Messages that were taken
    back are left out.
    """
    taken_back = {_taken_back(value) for value in values if isinstance(value, dict)} - {""}
    kept = [value for value in values if not (isinstance(value, dict) and _is_gone(value, taken_back))]
    messages = [message for value in kept if (message := _message(value))]
    if not messages or len(messages) * 10 < len(kept) * 7:
        return None
    return messages


def conversations(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """Yield the messages of each conversation in the order in which the conversations begin."""
    units: dict[str, list[Message]] = {}
    for message in messages:
        units.setdefault(message.unit, []).append(message)
    yield from units.values()


def _message(value: Any) -> Message | None:
    if isinstance(value, list | tuple):
        pair = len(value) == 2 and all(isinstance(part, str) for part in value)
        return (
            Message(_known(value[0]), value[1]) if pair and len(value[0]) <= 40 and value[1].strip() else None
        )
    if not isinstance(value, dict):
        return None
    speaker = _speaker(value)
    text = _text(value)
    if not text or (not speaker and "msgtype" not in value):
        return None
    return Message(speaker, text, _unit(value))


def _speaker(value: Mapping[str, Any]) -> str:
    if value.get("origin") in _ORIGINS:
        return _ORIGINS[value["origin"]]
    for name in _SPEAKERS:
        said = value.get(name)
        if isinstance(said, dict):
            said = next(
                (said[key] for key in ("name", "nickname", "display_name", "id") if said.get(key)), ""
            )
        if isinstance(said, str) and said.strip():
            return _known(said)
    return ""


def _known(name: str) -> str:
    name = " ".join(name.split())
    return _ROLES.get(name.lower(), name)


def _text(value: Mapping[str, Any]) -> str:
    """Return the words of a message; one of another kind than text is named by its kind."""
    kind = value.get("msgtype") or value.get("type") or value.get("msg_type")
    if isinstance(kind, str) and isinstance(inner := value.get(kind), dict):
        return _content(kind, inner)
    for name in _TEXTS:
        said = value.get(name)
        if isinstance(said, str) and said.strip():
            return said
        if isinstance(said, dict):
            return _content(str(kind or "text"), said)
        if isinstance(said, list):
            parts = [_text(part) if isinstance(part, dict) else str(part) for part in said]
            if any(parts):
                return " ".join(part for part in parts if part)
    return f"[{kind}]" if kind in _MEDIA else ""


def _content(kind: str, inner: Mapping[str, Any]) -> str:
    """Return the words inside a message's own mapping, as the WeCom archive nests them."""
    if kind == "mixed":
        items = inner.get("item")
        return (
            " ".join(_item(item) for item in items if isinstance(item, dict))
            if isinstance(items, list)
            else ""
        )
    if kind in ("chatrecord", "news"):
        items = inner.get("item")
        lines = [_item(item) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        return " ".join([str(inner.get("title") or ""), *lines]).strip()
    names = (
        "content",
        "text",
        "title",
        "description",
        "filename",
        "address",
        "link_url",
        "url",
        "value",
        "menu_content",
    )
    words = [str(inner[name]) for name in names if isinstance(inner.get(name), str) and inner[name].strip()]
    if not words and isinstance(inner.get("info"), dict):
        return _content(kind, inner["info"])
    if kind in _MEDIA:
        return f"[{kind}] {' '.join(words)}".strip()
    return " ".join(words)


def _item(item: Mapping[str, Any]) -> str:
    """Return the words of one part of a mixed or forwarded message, whose content is JSON inside of JSON."""
    kind = re.sub(r"\A(?:ChatRecord|chatrecord)", "", str(item.get("type") or "text")).lower()
    content = item.get("content")
    if isinstance(content, str) and content.startswith("{"):
        try:
            inner = json.loads(content)
        except ValueError:
            return content
        return _content(kind, inner) if isinstance(inner, dict) else content
    if isinstance(content, str):
        return content
    return _content(kind, item) or (f"[{kind}]" if kind in _MEDIA else "")


def _unit(value: Mapping[str, Any]) -> str:
    """Return what tells a message's conversation: its id or room, else the two people it is between."""
    for name in _UNITS:
        if isinstance(value.get(name), str | int) and str(value[name]).strip():
            other = value.get("external_userid") if name == "open_kfid" else ""
            return f"{value[name]}{other or ''}"
    people = value.get("tolist")
    if isinstance(people, list) and isinstance(value.get("from"), str):
        return "|".join(sorted({value["from"], *(str(person) for person in people)}))
    return ""


def _taken_back(value: Mapping[str, Any]) -> str:
    """Return the id of the message that this record takes back, empty when it takes none back."""
    inner = value.get("revoke")
    return str(inner.get("pre_msgid") or "") if isinstance(inner, dict) else ""


def _is_gone(value: Mapping[str, Any], taken_back: set[str]) -> bool:
    is_event = value.get("action") in ("recall", "switch") or value.get("msgtype") in ("revoke", "event")
    return is_event or str(value.get("msgid") or "") in taken_back
