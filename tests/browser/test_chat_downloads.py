"""Taking an answer or the conversation away as a file, in a real browser, before a scripted server."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.browser.chat_stage import Reply, Stage, citation, refusal, stream, turn_events

pytestmark = pytest.mark.browser


@pytest.fixture
def stage(any_size: Stage) -> Stage:
    """The page with an answer that is to come."""
    any_size.turns = [stream(turn_events("可以取消 [1]。", citations=[citation(1)]))]
    return any_size


def file_reply(name: str) -> Reply:
    headers = {
        "Content-Type": "application/pdf",
        "Content-Disposition": f"attachment; filename=\"x.pdf\"; filename*=UTF-8''{quote(name)}",
    }
    return 200, headers, "%PDF-1.7 …"


def asked_and_answered(stage: Stage) -> Any:
    page = stage.open()
    stage.send("怎么取消？")
    expect(page.locator(".row-bot[data-phase=done]")).to_have_count(1)
    return page


def test_an_answer_is_downloaded_from_its_menu_with_the_keyboard(stage: Stage) -> None:
    stage.answers = {"GET /export": file_reply("和衣轩-回答-20261121.pdf")}
    page = asked_and_answered(stage)
    button = page.get_by_role("button", name="下载这条回答")
    button.focus()
    page.keyboard.press("Enter")
    menu = page.locator(".download-menu")
    expect(menu).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(menu.get_by_role("button", name="PDF")).to_be_focused()
    box = menu.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= page.viewport_size["width"]
    assert box["y"] + box["height"] <= page.viewport_size["height"]
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(menu.get_by_role("button", name="PDF")).to_be_focused()
    with page.expect_download() as taken:
        page.keyboard.press("Enter")
    assert taken.value.suggested_filename == "和衣轩-回答-20261121.pdf"
    assert Path(taken.value.path()).read_text().startswith("%PDF")
    expect(page.locator(".foot .download-note")).to_have_text("文件已下载")
    [request] = stage.asked("/chat/messages/msg-b1/export")
    assert request.url.endswith("?format=pdf")
    assert request.headers["authorization"] == "Bearer vt_1"
    assert not stage.violations


def test_the_conversation_is_downloaded_from_the_header(stage: Stage) -> None:
    stage.answers = {"GET /export": file_reply("和衣轩-对话-20261121.docx")}
    page = stage.open()
    page.locator("#preferences-button").click()
    expect(page.locator("#download-choice")).to_be_hidden()
    page.keyboard.press("Escape")
    stage.send("怎么取消？")
    expect(page.locator(".row-bot[data-phase=done]")).to_have_count(1)
    page.locator("#preferences-button").click()
    with page.expect_download() as taken:
        page.locator("#download-formats").get_by_role("button", name="Word").click()
    assert taken.value.suggested_filename == "和衣轩-对话-20261121.docx"
    assert stage.asked("/chat/sessions/sess-1/export")[0].url.endswith("?format=docx")
    expect(page.locator("#download-note")).to_have_text("文件已下载")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            refusal(503, "unavailable", **{"Retry-After": "3600"}),
            "暂时无法生成这种格式的文件，请试试另一种格式。",
        ),
        (refusal(503, "unavailable", **{"Retry-After": "10"}), "文件没有生成成功，请再试一次。"),
        (refusal(429, "rate_limited", **{"Retry-After": "7"}), "7"),
        (refusal(422, "validation_error"), "这段对话太长，无法放进一个文件。"),
    ],
)
def test_what_cannot_be_made_is_said_in_words(stage: Stage, answer: Reply, words: str) -> None:
    stage.answers = {"GET /export": answer}
    page = asked_and_answered(stage)
    page.locator("#preferences-button").click()
    page.locator("#download-formats").get_by_role("button", name="PDF").click()
    expect(page.locator("#download-note")).to_contain_text(words)
