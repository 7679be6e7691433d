"""The page before the real server, in a real browser: from the first question to a person, and back after a reload."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kimono.lib import db
from tests.fixtures.servers import Servers

pytestmark = pytest.mark.browser

RETURNS = "签收后七天内可以申请退货，在“我的订单”里选择商品。"
CLEANING = ("小纹和服清洗费为一百二十元。", "振袖清洗费为二百六十元。振袖清洗需要五个工作日。")
SCRIPT = "<script>window.hit=1</script>"
IMAGE = '<img src="https://evil.example/x.png" onerror="window.hit=1">'
MARKDOWN_IMAGE = "![x](https://evil.example/?d=1)"


@dataclass
class Visit:
    """A page of `alpha`, and everything it must not do."""

    page: Page
    url: str
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self) -> "Visit":
        """Open the page and watch it from then on."""
        self.page.on("request", self._note_request)
        self.page.on("console", self._note_words)
        answer = self.page.goto(self.url)
        assert answer is not None and answer.status == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy and "unsafe" not in policy and "*" not in policy
        return self

    def ask(self, words: str) -> None:
        """Write something, send it, and wait for the end of the answer."""
        before = self.answers.count()
        self.page.locator("#composer-text").fill(words)
        self.page.keyboard.press("Enter")
        expect(self.answers).to_have_count(before + 1, timeout=30_000)

    @property
    def answers(self) -> Any:
        """The finished answers."""
        return self.page.locator(".row-bot[data-phase=done]")

    def assert_clean(self) -> None:
        """Check that the page asked nobody else, complained about nothing and ran nothing of others."""
        assert not self.foreign
        assert not self.complaints
        assert self.page.evaluate("window.hit") is None
        assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    def _note_request(self, request: Any) -> None:
        if not request.url.startswith((self.url.removesuffix("/chat/"), "data:", "blob:")):
            self.foreign.append(request.url)

    def _note_words(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@pytest.fixture(params=[(1440, 900), (390, 844)], ids=["desk", "phone"])
def visit(
    request: pytest.FixtureRequest, live: Servers, alpha: Any, new_page: Callable[..., Page]
) -> Callable[[], Visit]:
    width, height = request.param

    def begin() -> Visit:
        page = new_page(viewport={"width": width, "height": height})
        return Visit(page, f"{live.url_of(alpha)}/chat/").open()

    return begin


def fill(tenant: Any, *pairs: tuple[str, str], title: str = "清洗收费标准") -> None:
    from tests.knowledge.filling import add_document, add_pair

    with db.tenant_scope(tenant):
        for question, answer in pairs:
            add_pair(question, answer)
        add_document("cleaning.md", *CLEANING, title=title)


def test_from_the_first_question_to_a_person_and_back(visit: Callable[[], Visit], alpha: Any) -> None:
    fill(alpha, ("怎么退货？", RETURNS))
    here = visit()
    page = here.page
    here.ask("怎么退货？")
    expect(here.answers.last.locator(".bubble")).to_contain_text(RETURNS)

    here.ask("振袖清洗费是多少？")
    expect(here.answers.last.locator(".bubble")).to_contain_text("二百六十元")
    here.answers.last.locator(".bubble .chip").first.click()
    sheet = page.locator("#citation-sheet")
    expect(sheet).to_contain_text("清洗收费标准")
    expect(sheet.locator("mark").first).to_contain_text("振袖清洗费为二百六十元")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()

    here.ask("需要多久？")
    expect(here.answers.last.locator(".bubble")).to_contain_text("五个工作日")

    here.ask("火星上有分店吗？")
    expect(here.answers.last.locator(".bubble")).to_contain_text("没有找到")
    here.answers.last.get_by_role("button", name="转人工").click()
    expect(page.locator("#handler")).to_have_attribute("data-handler", "pending")
    here_before = page.locator(".row .bubble").all_inner_texts()

    page.reload()
    expect(page.locator(".row .bubble").first).to_have_text("怎么退货？")
    expect(page.locator("#handler")).to_have_attribute("data-handler", "pending")
    after = page.locator(".row .bubble").all_inner_texts()
    assert [plain(words) for words in after][: len(here_before)] == [plain(words) for words in here_before]
    here.assert_clean()


def plain(words: str) -> str:
    """Return what is said, without marks of sources and space."""
    return re.sub(r"\s|\d", "", words)


def test_what_others_write_is_text_to_the_page(visit: Callable[[], Visit], alpha: Any) -> None:
    hostile = f"{SCRIPT}{IMAGE}{MARKDOWN_IMAGE} [点这里](javascript:window.hit=1) 今天营业。"
    fill(alpha, ("今天营业吗？", hostile), title=f"标题{IMAGE}{SCRIPT}")
    here = visit()
    here.ask("今天营业吗？")
    bubble = here.answers.last.locator(".bubble")
    expect(bubble).to_contain_text("<script>window.hit=1</script>")
    assert bubble.locator("img, script, iframe, a[href^='javascript']").count() == 0

    here.ask("振袖清洗费是多少？")
    here.answers.last.locator(".bubble .chip").first.click()
    sheet = here.page.locator("#citation-sheet")
    expect(sheet).to_contain_text("<img src=")
    # The sheet has one picture of its own, for the page of a document.
    assert sheet.locator("img:not(#sheet-page), script").count() == 0
    here.page.keyboard.press("Escape")

    here.ask(f"{IMAGE}{SCRIPT}在吗")
    own = here.page.locator(".row-own .bubble").last
    expect(own).to_have_text(f"{IMAGE}{SCRIPT}在吗")
    here.page.reload()
    expect(here.page.locator(".row-own .bubble").last).to_have_text(f"{IMAGE}{SCRIPT}在吗")
    assert here.page.locator(".thread img, .thread script").count() == 0
    here.assert_clean()


def test_two_visitors_have_conversations_of_their_own(
    live: Servers, alpha: Any, beta: Any, new_page: Callable[..., Page]
) -> None:
    fill(alpha, ("怎么退货？", RETURNS))
    first = Visit(new_page(), f"{live.url_of(alpha)}/chat/").open()
    first.ask("怎么退货？")
    for tenant in (alpha, beta):
        second = Visit(new_page(), f"{live.url_of(tenant)}/chat/").open()
        expect(second.page.locator("#welcome")).to_be_visible()
        expect(second.page.locator(".row")).to_have_count(0)
        second.ask("怎么退货？")
        own = second.answers.last.locator(".bubble")
        expect(own).to_contain_text(RETURNS if tenant is alpha else "没有找到")
        second.assert_clean()
