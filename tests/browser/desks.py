"""A visitor and an agent side by side: two browsers before the same real server."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.tenants.doors import PASSWORD

# Chromium says so of pages without TLS, whatever they hold.
_HARMLESS = re.compile(r"Cross-Origin-Opener-Policy|favicon", re.IGNORECASE)


@dataclass
class Visitor:
    """Somebody on the chat page."""

    page: Page
    url: str

    def open(self) -> "Visitor":
        """Open the page."""
        self.page.goto(f"{self.url}/chat/")
        return self

    def write(self, words: str) -> None:
        """Write something and send it."""
        self.page.locator("#composer-text").fill(words)
        self.page.keyboard.press("Enter")

    def ask(self, words: str) -> Any:
        """Ask the bot something and return the bubble of its answer."""
        answers = self.page.locator(".row-bot[data-phase=done]")
        before = answers.count()
        self.write(words)
        expect(answers).to_have_count(before + 1, timeout=30_000)
        return answers.last.locator(".bubble")

    def is_with(self, handler: str) -> None:
        """Wait until the page says who has the conversation."""
        expect(self.page.locator("#handler")).to_have_attribute("data-handler", handler)

    def reload(self) -> None:
        """Reload the page and wait until the conversation is back."""
        self.page.reload()
        expect(self.page.locator(".row").first).to_be_visible()


@dataclass
class Agent:
    """Somebody at the workbench, and all that the page complained about."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def sign_in(self, username: str, password: str = PASSWORD) -> "Agent":
        """Sign in and wait until the line stands."""
        self.page.on("console", self._note)
        self.page.goto(f"{self.url}/workbench/")
        self.page.locator("[name=username]").fill(username)
        self.page.locator("[name=password]").fill(password)
        with self._line():
            self.page.keyboard.press("Enter")
        return self

    def reload(self) -> None:
        """Reload the page and wait until the line stands."""
        with self._line():
            self.page.reload()

    def open_first(self) -> None:
        """Open the first conversation of the list."""
        self.page.locator(".item").first.click()
        expect(self.page.locator("#open-case")).to_be_visible()

    def accept(self) -> None:
        """Accept the open conversation by its key."""
        self.page.locator("#stage").focus()
        self.page.keyboard.press("a")
        expect(self.page.locator("#case-head")).to_have_attribute("data-mine", "yes")
        expect(self.page.locator("#writing-text")).to_be_focused()

    def say(self, words: str) -> None:
        """Write to the visitor and wait until that has arrived."""
        self.page.locator("#writing-text").fill(words)
        self.page.keyboard.press("Enter")
        expect(self.said.last).to_have_attribute("data-delivery", re.compile("sent|read"))
        expect(self.said.last.locator(".bubble")).to_have_text(words)

    @property
    def said(self) -> Any:
        """The messages of agents in the open conversation."""
        return self.page.locator("#thread .row-own")

    @property
    def heard(self) -> Any:
        """The messages of the visitor in the open conversation."""
        return self.page.locator("#thread .row-contact .bubble")

    def _line(self) -> Any:
        return self.page.expect_websocket(
            lambda socket: bool(socket.wait_for_event("framereceived", _resumed))
        )

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _HARMLESS.search(message.text):
            self.complaints.append(message.text)


def _resumed(frame: Any) -> bool:
    return '"resumed"' in str(frame)


def waiting(program: httpx.Client, user_id: str) -> str:
    """Bring a contact who asks for a person, and return the conversation."""
    session_id: str = program.post("/api/v1/chat/sessions", json={"user_id": user_id}).json()["session_id"]
    answer = program.post(f"/api/v1/chat/sessions/{session_id}/escalate", json={"reason": "要人工"})
    assert answer.status_code == 200, answer.text
    return session_id


Arrive = Callable[..., Agent]
