"""A contact asks on a real server and takes the answer and the conversation away."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import httpx

from tests.conversations.exported import bare, docx_text, pdf_text
from tests.journeys.calling import ask, at_once, ingest

PRICES = (
    "# 清洗收费\n\n## 2.1 价目\n\n表 1 清洗价目\n\n| 款式 | 清洗费 | 工期 |\n| --- | --- | --- |\n"
    "| 小纹 | 120 元 | 5 天 |\n| 振袖 | 260 元 | 7 天 |\n\n"
    "## 2.2 取件\n\n清洗完成后三天内到店取件，逾期每天收取 5 元保管费。\n"
)


def test_what_was_answered_can_be_handed_on(
    alpha: Any, merchant: httpx.Client, program: Callable[..., httpx.Client], beta: Any
) -> None:
    ingest(merchant, "prices.md", PRICES)
    answer = ask(merchant, "清洗完成后逾期取件怎么收费？")
    assert answer["data"]["citations"], answer
    quote = answer["data"]["citations"][0]["quote"]
    for format, read in (("pdf", pdf_text), ("docx", docx_text)):
        made = merchant.get(
            f"/api/v1/chat/messages/{answer['message_id']}/export", params={"format": format}, timeout=90
        )
        assert made.status_code == 200, made.text
        text = read(made.content)
        assert bare("清洗完成后逾期取件怎么收费？") in text
        assert bare(answer["reply"]) in text
        assert bare(quote) in text
        assert unquote(made.headers["content-disposition"]).endswith(f".{format}")
    other = program(beta)
    foreign = other.get(f"/api/v1/chat/messages/{answer['message_id']}/export", params={"format": "pdf"})
    assert foreign.status_code == 404


def test_a_server_that_makes_files_answers_others(alpha: Any, merchant: httpx.Client) -> None:
    ingest(merchant, "prices.md", PRICES)
    session = ask(merchant, "振袖清洗费多少？")["session_id"]
    path = f"/api/v1/chat/sessions/{session}/export"

    def take(format: str) -> Callable[[], Any]:
        return lambda: merchant.get(path, params={"format": format}, timeout=120)

    def look() -> Any:
        return merchant.get("/livez", timeout=10)

    results = at_once([take("pdf"), take("pdf"), take("pdf"), take("docx"), look, look])
    assert [result.status_code for result in results] == [200] * 6
    assert len({pdf_text(result.content).split("导出于")[0] for result in results[:3]}) == 1
