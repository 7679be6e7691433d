"""Answers on the chat page, with their citations, tables and files, in a real browser before a scripted server."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.chat_pages import ANSWER, answered
from tests.browser.chat_stage import Stage, citation, stream, turn_events

pytestmark = pytest.mark.browser


def test_an_answer_is_streamed_and_its_citations_open_in_a_sheet(any_size: Stage) -> None:
    any_size.turns = [stream(turn_events(ANSWER, citations=[citation(1), citation(2)]))]
    page = any_size.open()
    any_size.send("怎么取消？")
    expect(answered(any_size)).to_have_count(1)
    expect(page.locator(".bubble ol li")).to_have_count(2)
    chip = page.locator(".bubble .chip").nth(1)
    chip.click()
    sheet = page.locator("#citation-sheet")
    for words in ("租赁规则 2", "2.1 取消", "v2"):
        expect(sheet).to_contain_text(words)
    expect(sheet.locator("mark")).to_have_text("第 2 段原文：提前三天取消，定金全额退回。")
    link = sheet.locator("#sheet-open")
    assert link.get_attribute("href").endswith("/documents/doc-2/file?version=v2&sig=x#page=2")
    narrow = page.viewport_size["width"] < 768
    assert sheet.evaluate("node => node.matches(':modal')") is narrow
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(chip).to_be_focused()
    assert not any_size.violations


def test_a_cited_pair_is_shown_whole_and_leads_nowhere(stage: Stage) -> None:
    asked, wrote = "怎么取消预约？", "在“我的预约”里取消：\n\n1. 打开预约。\n2. 点取消。"
    pair = citation(
        1, kind="qa", source=asked, title=asked, quote=wrote, url="/api/v1/knowledge/qa-pairs/qa-1"
    )
    stage.turns = [stream(turn_events("点取消。[1]", citations=[pair]))]
    page = stage.open()
    stage.send("怎么取消？")
    page.locator(".bubble .chip").click()
    sheet = page.locator("#citation-sheet")
    expect(sheet.locator("#sheet-title")).to_have_text(asked)
    expect(sheet.locator("#sheet-quote li")).to_have_text(["打开预约。", "点取消。"])
    expect(sheet.locator("#sheet-open")).to_be_hidden()


def test_the_cited_words_are_shown_where_they_stand(stage: Stage) -> None:
    row = "| 振袖 | **699** 元 |"
    quote = f"{row}\n\n第三天 <b>起</b>九折。"
    around = f"2.1 租金\n\n| 款式 | 租金 |\n| --- | --- |\n| 浴衣 | 159 元 |\n{quote}后文。"
    cited = citation(1, chunk_id="chk-1", quote=quote)
    stage.turns = [stream(turn_events("可以取消 [1]。", citations=[cited]))]
    page = stage.open()
    page.route(
        "**/documents/doc-1/file?*preview=text*",
        lambda route: route.fulfill(body=around, content_type="text/plain; charset=utf-8"),
    )
    pictures: list[str] = []
    page.route(
        "**/documents/doc-1/file?*preview=page*",
        lambda route: (pictures.append(route.request.url), route.fulfill(status=404)),
    )
    stage.send("怎么取消？")
    expect(answered(stage)).to_have_count(1)
    page.locator(".bubble .chip").click()
    page.locator("#sheet-preview summary").click()
    context = page.locator("#sheet-context")
    expect(context.locator("mark")).to_have_text(["振袖", "699", "元", "第三天 <b>起</b>九折。"])
    expect(context.locator("th, td")).to_have_text(["款式", "租金", "浴衣", "159 元", "振袖", "699 元"])
    expect(context.locator("p")).to_have_text(["2.1 租金", "第三天 <b>起</b>九折。后文。"])
    expect(page.locator("#sheet-page")).to_be_hidden()
    assert [parse_qs(urlsplit(each).query)["quote"] for each in pictures] == [[quote]]


def test_figures_tables_and_files_come_with_the_answer(stage: Stage) -> None:
    url = "/api/v1/knowledge/attachments/att-{}/file?sig=x"
    image = {
        "id": "att-1", "kind": "image", "name": "flow.png", "figure": "图 1", "caption": "退货流程",
        "url": url.format(1), "thumb_url": url.format(1) + "&thumb=true",
    }  # fmt: skip
    table = {
        "id": "att-2",
        "kind": "table",
        "name": "价目",
        "markdown": "| 款式 | 租金 |\n| --- | --- |\n| 振袖 | 699 |",
    }
    paper = {"id": "att-3", "kind": "file", "name": "退货单.pdf", "url": url.format(3), "thumb_url": None}
    stage.turns = [
        stream(turn_events("看图 [1]。", citations=[citation(1)], attachments=[image, table, paper]))
    ]
    page = stage.open()
    thumb = "<svg xmlns='http://www.w3.org/2000/svg' width='320' height='200'/>"
    page.route(
        "**/attachments/att-1/file?*thumb=true",
        lambda route: route.fulfill(body=thumb, content_type="image/svg+xml"),
    )
    stage.send("怎么退货？")
    expect(answered(stage)).to_have_count(1)
    shown = page.locator(".attachments > li")
    expect(shown).to_have_count(3)
    expect(shown.nth(0).locator("figcaption")).to_have_text("图 1 退货流程")
    picture = shown.nth(0).get_by_role("img", name="图 1 退货流程")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 320
    shown.nth(1).locator("summary").click()
    expect(shown.nth(1).locator("td")).to_have_text(["振袖", "699"])
    expect(shown.nth(2).get_by_role("link", name="退货单.pdf")).to_have_attribute(
        "href", re.compile(r"/attachments/att-3/file\?sig=x$")
    )
    assert not stage.violations


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "a row"])
def test_a_table_is_laid_out_in_the_answer_and_in_the_sheet(any_size: Stage, whole: bool) -> None:
    table = "| 款式 | 租金 |\n| --- | --- |\n| 振袖 | 699 元 |"
    quote = table if whole else table.splitlines()[-1]
    any_size.turns = [stream(turn_events(f"{table}\n\n[1]", citations=[citation(1, quote=quote)]))]
    page = any_size.open()
    any_size.send("振袖多少钱？")
    expect(answered(any_size)).to_have_count(1)
    expect(page.locator(".bubble td")).to_have_text(["振袖", "699 元"])
    expect(page.locator(".bubble td .chip")).to_have_count(0)
    page.locator(".bubble p .chip").click()
    expect(page.locator("#sheet-quote td")).to_have_text(["振袖", "699 元"])
    expect(page.locator("#sheet-quote th")).to_have_count(2 if whole else 0)
    expect(page.locator("#sheet-open")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_wide_table_scrolls_and_its_cells_stay_readable(any_size: Stage) -> None:
    head = "| 类别 | 款式 | 3 小时体验价 | 日租价 | 隔夜加收 | 押金 | 备注 |"
    row = "| 套餐 | 家庭套餐 |  | 498 | 249 | 900 | 小纹、男士和服、儿童和服各一套，含三人着装 |"
    any_size.turns = [stream(turn_events(f"{head}\n|{' --- |' * 7}\n{row}"))]
    page = any_size.open()
    any_size.send("家庭套餐多少钱？")
    expect(answered(any_size)).to_have_count(1)
    assert page.locator(".bubble tbody tr").bounding_box()["height"] < 80
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_what_an_answer_says_is_never_taken_for_markup(stage: Stage) -> None:
    hostile = (
        "<img src=x onerror=alert(1)> ![x](https://evil.example/?d=1) "
        "[a](javascript:alert(1)) [b](data:text/html,x) [c](/admin/) [好](https://help.example/x) "
        "隐\u200b藏\u202e字 [9] <script>window.hit = 1</script>\n\n| 甲 | 乙 |\n|---|---|\n| <b>丙</b> | `丁` |"
    )
    stage.turns = [stream(turn_events(hostile))]
    page = stage.open()
    stage.send("试试")
    expect(answered(stage)).to_have_count(1)
    bubble = page.locator(".row-bot .bubble")
    assert bubble.locator("img, script, b, iframe, .chip").count() == 0
    assert page.evaluate("window.hit") is None
    links = bubble.locator("a")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("href", "https://help.example/x")
    expect(links).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(bubble).to_contain_text("好 (help.example)")
    expect(bubble).to_contain_text("隐藏字 [9]")
    expect(bubble.locator("td")).to_have_text(["<b>丙</b>", "丁"])
    assert not stage.foreign and not stage.violations


def test_a_thumb_down_may_say_why(stage: Stage) -> None:
    stage.turns = [stream(turn_events("好的。"))]
    page = stage.open()
    stage.send("在吗？")
    page.get_by_role("button", name="没有帮助").click()
    page.get_by_role("button", name="内容不正确").click()
    expect(page.locator(".vote-note")).to_have_text("谢谢您的反馈。")
    votes = [request.post_data_json for request in stage.asked("/feedback")]
    assert votes[0] == {"message_id": "msg-b1", "rating": "down"}
    assert votes[1] == {**votes[0], "comment": "内容不正确"}
