"""What tests of the chat page look for."""

from typing import Any

from tests.browser.chat_stage import Stage

ANSWER = "可以取消 [1]。\n\n1. 打开“我的预约”。\n2. 点“取消”。\n\n退款三天到账 [2]。"
# A visitor of the page who was there before.
KNOWN = """localStorage.setItem("kimono.visitor", '{"session_id": "sess-1", "visitor_token": "vt_1"}')"""


def answered(stage: Stage) -> Any:
    """Return the answers that are complete."""
    return stage.page.locator(".row-bot[data-phase=done]")


def message(seq: int, author: str, content: str, **changes: Any) -> dict[str, Any]:
    """Return a message as the server has it."""
    role = "user" if author == "visitor" else "assistant"
    stored = {"message_id": f"msg-{seq}", "seq": seq, "role": role, "author": author, "content": content}
    return stored | {"citations": [], "attachments": [], "created_at": "2026-07-03T08:30:00Z"} | changes


def numbered(events: list[tuple[str, dict[str, Any]]], n: int) -> list[tuple[str, dict[str, Any]]]:
    """Return the events of a turn with another message and answer than the usual ones."""
    others = {"user_message_id": f"msg-v{n}", "message_id": f"msg-b{n}"}
    return [(name, {key: others.get(key, value) for key, value in body.items()}) for name, body in events]
