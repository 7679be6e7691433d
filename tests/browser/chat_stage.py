"""The chat page on a stage: the real template, styles and scripts in a real browser, with a scripted server behind."""

import json
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import translation
from playwright.sync_api import Page, Request, Route

ORIGIN = "http://alpha.localhost"
SESSIONS = "/api/v1/chat/sessions"
Reply = tuple[int, dict[str, str], str]
"""Status, headers and body of an answer."""


def json_reply(body: Any, status: int = 200, **headers: str) -> Reply:
    """Return an answer of the JSON API."""
    return status, {"Content-Type": "application/json; charset=utf-8", **headers}, json.dumps(body)


def refusal(status: int, code: str, **headers: str) -> Reply:
    """Return an error of the JSON API."""
    return json_reply({"detail": "…", "code": code, "request_id": "req-1"}, status, **headers)


def citation(n: int, **changes: Any) -> dict[str, Any]:
    """Return one entry of `citations`."""
    return {
        "n": n,
        "kind": "chunk",
        "source": f"rules-{n}.md",
        "title": f"租赁规则 {n}",
        "page": n,
        "section": f"{n}.1 取消",
        "quote": f"第 {n} 段原文：提前三天取消，定金全额退回。",
        "score": 0.9,
        "url": f"/api/v1/knowledge/documents/doc-{n}/file?version=v2&sig=x#page={n}",
        "version": "v2",
    } | changes


def turn_events(answer: str, *, status: str = "ok", **data: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return the events of a whole turn whose answer comes in pieces of three characters."""
    pieces = [answer[at : at + 3] for at in range(0, len(answer), 3)]
    citations = data.pop("citations", [])
    data = {"sources": citations, "citations": citations, "suggestions": [], **data}
    end = {"answer": answer, "message_id": "msg-b1" if answer else None, "seq": 2, "status": status}
    return [
        ("meta", {"session_id": "sess-1", "user_message_id": "msg-v1", "user_seq": 1, "status": status}),
        *[("token", {"content": piece, "index": index}) for index, piece in enumerate(pieces)],
        ("done", {**end, "escalate": False, "data": data}),
    ]


def stream(events: list[tuple[str, dict[str, Any]]], *, first: int = 0) -> Reply:
    """Return a stream of events, numbered from `first`."""
    frames = [
        f"id: turn-1.{number}\nevent: {name}\ndata: {json.dumps({'type': name, **body})}\n\n"
        for number, (name, body) in enumerate(events, start=first)
    ]
    return 200, {"Content-Type": "text/event-stream; charset=utf-8"}, "".join(frames)


@dataclass
class Stage:
    """A page of the merchant `alpha` whose server answers what the test says."""

    page: Page
    turns: list[Reply | Callable[[Request], Reply]] = field(default_factory=list)
    """Answers to the messages, in order; the last one is given again and again."""
    answers: dict[str, Reply | Callable[[Request], Reply]] = field(default_factory=dict)
    """Answers by `METHOD path-suffix`, instead of the usual ones."""
    live: list[Reply] = field(default_factory=list)
    """What the live events bring, connection by connection; after that there are none."""
    requests: list[Request] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    opened: int = 0

    def open(self, *, language: str = "zh-hans", **context: Any) -> Page:
        """Open the page; `context` goes on top of the usual one."""
        self.page.on("console", self._note)
        self.page.route("**/*", lambda route: self._serve(route, language, context))
        self.page.goto(f"{ORIGIN}/chat/")
        return self.page

    def send(self, words: str) -> None:
        """Write something and press Enter."""
        self.page.locator("#composer-text").fill(words)
        self.page.keyboard.press("Enter")

    def asked(self, path: str) -> list[Request]:
        """Return the requests whose path ends so."""
        return [request for request in self.requests if request.url.split("?")[0].endswith(path)]

    def _note(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.violations.append(message.text)

    def _serve(self, route: Route, language: str, context: dict[str, Any]) -> None:
        request = route.request
        if not request.url.startswith(ORIGIN):
            self.foreign.append(request.url)
            return route.abort()
        path = request.url.removeprefix(ORIGIN).split("?")[0].split("#")[0]
        self.requests.append(request)
        if path == "/chat/":
            status, headers, body = self._html(language, context)
        elif path.startswith(settings.STATIC_URL):
            found = finders.find(path.removeprefix(settings.STATIC_URL))
            assert found, f"no such static file: {path}"
            return route.fulfill(path=found, content_type=mimetypes.guess_type(path)[0])
        elif path.endswith("/events") and not self.live:
            return route.abort()  # the page must live without them
        elif path.endswith("/events"):
            status, headers, body = self.live.pop(0)
        else:
            status, headers, body = self._api(request, path)
        return route.fulfill(status=status, headers=headers, body=body)

    def _html(self, language: str, context: dict[str, Any]) -> Reply:
        usual = {
            "tenant_name": "和衣轩",
            "title": "在线客服",
            "greeting": "您好，想租哪一天的和服？",
            "suggestions": [{"text": "怎么取消预约？"}],
            "language": language,
            "time_zone": "Asia/Shanghai",
            "color": "#2f54eb",
            "sites": [],
            "csat": True,
            "closed": False,
            "opening": "",
            "suspended": False,
            "embed": False,
            "csp_nonce": "",
        }
        with translation.override(language):
            html = render_to_string("conversations/chat.html", usual | context)
        policy = "; ".join(
            f"{name} {' '.join(values)}"
            for name, values in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
        )
        return 200, {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}, html

    def _api(self, request: Request, path: str) -> Reply:
        for known, answer in self.answers.items():
            method, suffix = known.split(" ", 1)
            if request.method == method and path.endswith(suffix):
                return answer(request) if callable(answer) else answer
        if path == SESSIONS:
            self.opened += 1
            token = {"session_id": f"sess-{self.opened}", "visitor_token": f"vt_{self.opened}"}
            return json_reply({**token, "state": "bot", "last_seq": 0}, 201)
        if path.endswith("/chat/stream"):
            turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
            return turn(request) if callable(turn) else turn
        if path.endswith("/messages"):
            return self.history()
        return json_reply({"session_id": "sess-1", "state": "bot", "queue_position": None})

    def history(self, *messages: dict[str, Any], **session: Any) -> Reply:
        """Return a page of the conversation so far, with a session of the usual state."""
        state = {"session_id": "sess-1", "state": "bot", "queue_position": None, **session}
        return json_reply({"items": messages, "last_seq": len(messages), "has_more": False, "session": state})
