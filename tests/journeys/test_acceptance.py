"""Clients that others wrote against this API, run as they are; they lie beside the checkout, not in it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from docx import Document

from tests.fixtures.running import CHECKOUT
from tests.fixtures.servers import Servers
from tests.journeys.calling import eventually, ingest, teach
from tests.providers.parsing.writers import pdf

FOLDER = Path(os.environ.get("KIMONO_ACCEPTANCE") or CHECKOUT.parent / "shared" / "acceptance")
RETURNS = "签收后 7 天内可以申请退货：在“我的订单”里选择商品，点击“申请退货”。"
PROOF = "退货时请提供订单号和商品照片作为凭证。"
LEVELS = "金卡会员享九五折，铂金会员享九折和免费改期。"

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no clients in {FOLDER}; name their folder with KIMONO_ACCEPTANCE"
)


@pytest.fixture(params=["with a key", "with none"])
def key(request: pytest.FixtureRequest, alpha: Any, new_key: Callable[..., str]) -> str | None:
    return new_key(alpha) if request.param == "with a key" else None


@pytest.fixture
def stocked(merchant: httpx.Client) -> httpx.Client:
    teach(merchant, "退货流程是什么？", RETURNS, similar_questions=["怎么退货"])
    teach(merchant, "退货需要提供什么凭证？", PROOF)
    teach(merchant, "会员等级有哪些权益？", LEVELS)
    return merchant


def run(
    live: Servers, key: str | None, *command: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "API_KEY"}
    named = {"BASE_URL": live.url, **({"API_KEY": key} if key else {}), **environment}
    return subprocess.run(command, env=kept | named, capture_output=True, text=True, timeout=100, check=False)


def test_the_sdk_client_talks_streams_ingests_and_clears(
    live: Servers, stocked: httpx.Client, key: str | None, tmp_path: Path
) -> None:
    policy = tmp_path / "new_policy.md"
    policy.write_text("# 新退货政策\n\n特价商品不支持无理由退货。\n", encoding="utf-8")
    done = run(live, key, sys.executable, str(FOLDER / "example2.py"), NEW_POLICY=str(policy))
    assert done.returncode == 0, done.stdout + done.stderr
    first, follow_up, stream, ingested = done.stdout.strip().split("\n")
    assert RETURNS in first
    assert PROOF in follow_up
    assert LEVELS in stream
    assert int(ingested.split()[1]) >= 1


def test_the_shell_client_is_answered_handed_over_and_served_by_a_person(
    live: Servers, stocked: httpx.Client, key: str | None
) -> None:
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    done = run(live, key, "bash", str(FOLDER / "example1.sh"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert RETURNS in done.stderr
    steps = done.stdout.split("步骤 ")[1:]
    assert [step.split(":")[0] for step in steps] == ["1", "2", "3", "4", "5", "6", "7"]
    solution, resolved = (json.loads(step.partition("\n")[2]) for step in steps[5:])
    assert solution | {"status": "pending", "submitted_by": "agent-001"} == solution
    assert resolved | {"state": "resolved", "agent_status": "resolved"} == resolved


def test_the_agents_robot_takes_what_waits(live: Servers, stocked: httpx.Client, key: str | None) -> None:
    asked = stocked.post("/api/v1/chat", json={"message": "转人工"}).json()
    assert asked["data"]["escalate_to_human"]
    script = str(FOLDER / "example4.py")
    quick = {"MAX_ROUNDS": "2", "POLL_INTERVAL": "0.1"}
    done = run(live, key, sys.executable, script, API_KEY=key or "", **quick)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "本轮共处理 1 个会话" in done.stdout
    session = stocked.get(f"/api/v1/chat/sessions/{asked['session_id']}").json()
    assert (session["state"], session["assigned_agent_id"]) == ("resolved", "agent-bot-001")


def folder_of_kinds(folder: Path) -> Path:
    (folder / "faq").mkdir(parents=True)
    (folder / "guide.md").write_text("# 着装指南\n\n和服左襟在上，腰带系在背后。\n", encoding="utf-8")
    (folder / "faq" / "hours.txt").write_text("门店每天上午九点开门，晚上八点关门。\n", encoding="utf-8")
    (folder / "page.html").write_text(
        "<html><head><title>押金</title></head><body><h1>押金</h1><p>每套和服收取押金五百元。</p></body></html>",
        encoding="utf-8",
    )
    document = Document()
    document.add_heading("清洗", 1)
    document.add_paragraph("振袖清洗费为二百六十元，五个工作日后可取。")
    document.save(str(folder / "cleaning.docx"))
    pdf(folder / "shipping.pdf", [[("Parcels leave the warehouse within two working days.", 12, 72, 700)]])
    (folder / "notes.bin").write_bytes(b"\0\1\2")
    return folder


def documents(client: httpx.Client) -> list[dict[str, Any]]:
    given = client.get("/api/v1/knowledge/documents", params={"page_size": 100}, timeout=30)
    items: list[dict[str, Any]] = given.json()["items"]
    return items


def search(client: httpx.Client, query: str) -> list[str]:
    given = client.post("/api/v1/knowledge/search", json={"query": query, "top_k": 3}, timeout=30)
    return [hit["content"] for hit in given.json()["results"]]


def test_a_folder_of_every_kind_is_taken_in(
    live: Servers, merchant: httpx.Client, key: str | None, tmp_path: Path
) -> None:
    folder = folder_of_kinds(tmp_path / "docs")
    done = run(live, key, sys.executable, str(FOLDER / "example3.py"), str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "入库完成:成功 5,失败 0" in done.stdout, done.stdout
    kept = {row["source"]: row for row in documents(merchant)}
    assert set(kept) == {"guide.md", "faq/hours.txt", "page.html", "cleaning.docx", "shipping.pdf"}
    assert {row["status"] for row in kept.values()} == {"active"}
    assert all(row["chunk_count"] >= 1 for row in kept.values())
    for query, words in (
        ("腰带系在哪里", "腰带系在背后"),
        ("门店几点开门", "上午九点开门"),
        ("押金多少钱", "押金五百元"),
        ("振袖清洗费多少", "二百六十元"),
        ("When do parcels leave the warehouse?", "two working days"),
    ):
        assert any(words in text for text in search(merchant, query)), query


def test_two_folders_with_equal_names_are_two_documents(
    live: Servers, merchant: httpx.Client, alpha: Any, new_key: Callable[..., str], tmp_path: Path
) -> None:
    for place, words in (("a", "甲店十点开门。"), ("b", "乙店十一点开门。")):
        (tmp_path / "docs" / place).mkdir(parents=True)
        (tmp_path / "docs" / place / "x.md").write_text(f"# 营业时间\n\n{words}\n", encoding="utf-8")
    client = (sys.executable, str(FOLDER / "example3.py"), str(tmp_path / "docs"))
    for _ in range(2):
        done = run(live, new_key(alpha), *client)
        assert "入库完成:成功 2,失败 0" in done.stdout, done.stdout + done.stderr
    kept = documents(merchant)
    assert sorted(row["source"] for row in kept) == ["a/x.md", "b/x.md"]
    assert {(row["current_version"], row["version_count"]) for row in kept} == {("v1", 1)}


def test_the_same_name_again_is_the_next_version(merchant: httpx.Client) -> None:
    assert ingest(merchant, "a/x.md", "# 营业时间\n\n甲店十点开门。\n")["version"] == "v1"
    assert ingest(merchant, "a/x.md", "# 营业时间\n\n甲店九点开门。\n")["version"] == "v2"
    texts = eventually(lambda: search(merchant, "甲店几点开门"))
    assert any("九点" in text for text in texts)
    assert not any("十点" in text for text in texts)
