"""Both admins in a real browser: no error of a script or of the content policy, on a desk and on a phone."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import ConsoleMessage, Page, expect

from kimono.lib import db
from knowledge.services import questions
from knowledge.services.evaluation import samples
from knowledge.services.evaluation.samples import Answered, Draw
from knowledge.services.qa_pairs import writing
from knowledge.services.qa_pairs.writing import PairDraft, Vectors
from tenants.models import Tenant
from tenants.services.auditing import SYSTEM
from tests.fixtures.servers import Servers
from tests.tenants.admin_pages import fill_platform
from tests.tenants.doors import PASSWORD, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
# Chromium says so of pages without TLS, whatever they hold.
HARMLESS = re.compile(r"Cross-Origin-Opener-Policy|favicon", re.IGNORECASE)


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What browsers complain of; the test fails in the end when there is anything."""
    heard: list[str] = []
    yield heard
    assert not heard


@pytest.fixture
def enter(new_page: Callable[..., Page], live: Servers, complaints: list[str]) -> Callable[..., Page]:
    """Return a function that opens a site's first page as somebody who has signed in there."""

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not HARMLESS.search(message.text):
            complaints.append(f"{message.location.get('url', '')}: {message.text}")

    def open_site(tenant: Tenant | None, username: str, **options: Any) -> Page:
        address = live.url_of(tenant) if tenant is not None else live.url.replace("127.0.0.1", "localhost")
        page = new_page(**{"viewport": DESK, "base_url": address, **options})
        page.on("console", listen)
        page.goto("/admin/")
        page.get_by_label("用户名").fill(username)
        page.locator("input[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page.locator("#site-name").first).to_be_attached()
        return page

    return open_site


def fill(alpha: Tenant) -> None:
    """Give alpha something to show."""
    drafts = [
        PairDraft(question=f"第 {n} 个问题是什么？", answer=f"答案 {n}", category="营业") for n in range(1, 6)
    ]
    with db.tenant_scope(alpha), transaction.atomic():
        # Playwright's loop runs in this thread, so nothing here may wait for an encoder.
        writing.insert(drafts, vectors=Vectors({}, ""), by=SYSTEM)
        questions.record(text="火星有店吗？", unit="sess-1", outcome="refused")


def links_of(page: Page) -> list[str]:
    """Return the addresses of the navigation."""
    links = page.locator("#nav-sidebar-apps a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    assert len(links) > 5
    return list(links)


def fits(page: Page) -> bool:
    """Tell whether a page is no wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize(
    ("viewport", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk, light", "phone, dark"]
)
def test_every_page_of_both_sites_is_clean(
    enter: Callable[..., Page], alpha: Tenant, viewport: dict[str, int], scheme: str
) -> None:
    fill(alpha)
    fill_platform()
    make_user(alpha, username="boss")
    make_user(None, "ops_admin", "operator")
    for tenant, username in ((alpha, "boss"), (None, "operator")):
        page = enter(tenant, username, viewport=viewport, color_scheme=scheme)
        for path in links_of(page):
            answer = page.goto(path)
            assert answer is not None and answer.status == 200, path
            assert (
                "unsafe-inline"
                not in answer.headers["content-security-policy"].partition("script-src")[2].split(";")[0]
            )
            assert fits(page), path
            row = page.locator("#result_list tbody th a, #result_list tbody td a").first
            # The rows of every list open on the desk; the phone sees the lists.
            if viewport == DESK and path.count("/") > 3 and row.count():
                row.click()
                expect(page.locator("#content")).to_be_visible()
                assert fits(page), page.url
        dark = page.locator("html").evaluate(
            "node => getComputedStyle(document.body).colorScheme + node.className"
        )
        assert ("dark" in dark) == (scheme == "dark")


def test_the_two_sites_differ_in_name_and_colour(enter: Callable[..., Page], alpha: Tenant) -> None:
    make_user(alpha, username="boss")
    make_user(None, "ops_admin", "operator")
    shades = []
    for tenant, username, name in ((alpha, "boss", "Alpha"), (None, "operator", "Kimono 平台")):
        page = enter(tenant, username)
        expect(page.locator("#site-name").first).to_contain_text(name)
        shades.append(
            page.evaluate(
                "getComputedStyle(document.documentElement).getPropertyValue('--color-primary-600')"
            )
        )
    assert shades[0] != shades[1]


def test_a_file_is_imported_with_a_preview(enter: Callable[..., Page], alpha: Tenant) -> None:
    fill(alpha)
    make_user(alpha, username="boss")
    page = enter(alpha, "boss")
    page.goto("/admin/knowledge/qapair/")
    page.get_by_role("link", name="导入").click()
    rows = "问题,答案\r\n第 1 个问题是什么？,新的答案\r\n带括号（可以吗）,可以\r\n没有答案,\r\n"
    file = {"name": "pairs.csv", "mimeType": "text/csv", "buffer": rows.encode("gb18030")}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("新增 1 条，更新 1 条，未变 0 条，跳过 1 行。")).to_be_visible()
    expect(page.locator(".kimono-refused li")).to_contain_text("第 4 行 (答案) – 问题或答案为空")
    page.get_by_role("button", name="导入这些行").click()
    expect(page.get_by_text("导入完成：新增 1 条，更新 1 条")).to_be_visible()
    page.get_by_placeholder("可搜索问题").fill("带括号")
    page.keyboard.press("Enter")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)


def test_a_merchant_is_suspended_with_a_reason_and_let_in_again(
    enter: Callable[..., Page], alpha: Tenant
) -> None:
    make_user(None, "ops_admin", "operator")
    page = enter(None, "operator")
    page.goto(f"/admin/tenants/tenant/{alpha.pk}/change/")
    page.get_by_role("link", name="停用").or_(page.get_by_role("button", name="停用")).first.click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text("停用这家商家？")
    dialog.locator("button[type=submit]").click()
    expect(dialog).to_contain_text("必填")
    dialog.locator("textarea").fill("欠费三个月")
    dialog.locator("button[type=submit]").click()
    expect(page.get_by_text("已停用“Alpha”。")).to_be_visible()
    expect(page.get_by_text("欠费三个月")).to_be_visible()
    page.get_by_role("link", name="启用").or_(page.get_by_role("button", name="启用")).first.click()
    dialog.locator("button[type=submit]").click()
    expect(page.get_by_text("已重新启用“Alpha”。")).to_be_visible()


def test_the_language_and_the_palette(enter: Callable[..., Page], alpha: Tenant) -> None:
    fill(alpha)
    make_user(alpha, username="boss")
    page = enter(alpha, "boss")
    page.keyboard.press("Control+k")
    # It takes the keyboard a moment after it has opened.
    expect(page.locator("#search-input-command")).to_be_focused()
    page.keyboard.type("第 3 个")
    expect(page.get_by_role("link", name=re.compile("第 3 个问题是什么"))).to_be_visible()
    page.keyboard.press("Escape")
    with page.expect_navigation():
        page.locator("form[action='/i18n/setlang/'] button", has_text="English").evaluate(
            "node => node.click()"
        )
    expect(
        page.get_by_role("heading", name="Overview").or_(page.get_by_text("Overview")).first
    ).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_answers_are_judged_by_keyboard(enter: Callable[..., Page], alpha: Tenant) -> None:
    answers = [
        Answered(f"sess-{n}", f"msg-{n}", f"问题 {n}", f"答案 {n}", 0.9, [], [("qa-1", 0.9), ("qa-2", 0.1)])
        for n in (1, 2)
    ]
    with db.tenant_scope(alpha):
        sample = samples.create(items=answers, draw=Draw(population=2, strategy="random", seed=1), by=SYSTEM)
    make_user(alpha, username="boss")
    page = enter(alpha, "boss", viewport=PHONE, color_scheme="dark")
    page.goto(f"/admin/knowledge/sample/{sample.pk}/grade/")
    assert fits(page)
    wrong = page.locator("input[name=correct][value=no]")
    # A key that belongs to a word which is being composed is none of ours.
    composing = "new KeyboardEvent('keydown', {key: 'n', bubbles: true, isComposing: true})"
    page.evaluate(f"document.body.dispatchEvent({composing})")
    page.keyboard.press("/")
    page.keyboard.type("n 好")
    page.keyboard.press("Escape")
    expect(wrong).not_to_be_checked()
    page.locator("#shortcuts").uncheck()
    page.keyboard.press("n")
    expect(wrong).not_to_be_checked()
    page.locator("#shortcuts").check()
    page.keyboard.press("n")
    expect(wrong).to_be_checked()
    for key in ("y", "g", "2", "+", "+", "-"):
        page.keyboard.press(key)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("问题 2", exact=True)).to_be_visible()
    with page.expect_navigation():
        page.keyboard.press("k")
    expect(page.locator("input[name=correct][value=yes]")).to_be_checked()
    expect(page.locator("input[name=grounded][value=yes]")).to_be_checked()
    expect(page.locator("input[value=qa-2]")).to_be_checked()
    expect(page.locator("input[value=qa-1]")).not_to_be_checked()
    expect(page.locator("input[name=missed_relevant_count]")).to_have_value("1")
    expect(page.locator("textarea")).to_have_value("n 好")
