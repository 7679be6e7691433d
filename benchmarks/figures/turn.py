"""A question answered from a document without a model, against its bare parts."""

import http.client
import itertools
import json
import pickle
import sys
from typing import Any

from benchmarks import stage as stages
from benchmarks.plans import TurnTask
from benchmarks.report import Row
from benchmarks.stage import Demo, Failed, Stage
from benchmarks.timing import alternated

SLUG = "kimono-rental"
# Each is answered by the demo's documents, not by a pair.
QUESTIONS = (
    "商业拍摄签什么协议",
    "企业活动要提前几天提交名单",
    "上门着装服务几人起订",
    "毕业袴什么时候接受集体预约",
    "白无垢日租多少钱",
    "增值税专用发票税率是多少",
    "长期合作可以月结吗",
    "质量问题多少天内可退可换",
    "赠品遗失怎么扣款",
    "满减金额怎么分摊",
    "大促期间客服审核时间多久",
    "运费险每单多少钱最高赔付多少",
    "寄回包裹箱内要放什么纸条",
    "验货不通过有哪些选择",
    "无人机拍摄需要报备吗",
    "门店可以借油纸伞吗押金多少",
)
# An answer is kept for the same words, so each question is put in other words each time.
OPENINGS = ("", "请问", "你好，请问", "想问一下", "麻烦问下", "我想知道", "咨询一下", "再问一句")
# These are asked first, and not timed: the first questions of a process load its dictionaries.
_WARM = 16


def measure(stage: Stage, demo: Demo) -> list[Row]:
    """Ask each question in several wordings, of the product and of its bare parts in turns."""
    spoken = [opening + question for opening, question in itertools.product(OPENINGS, QUESTIONS)]
    spoken = spoken[: 48 if stage.quick else len(spoken)]
    task = TurnTask(demo.port, demo.key(SLUG), SLUG, tuple(spoken))
    task_file, plan_file = stage.plans / "turn.task", stage.plans / "turn.plan"
    task_file.write_bytes(pickle.dumps(task))
    stages.run(stage, [sys.executable, "-m", "benchmarks.plans", str(task_file), str(plan_file)])
    floor = stages.bare(
        stage, "bare-turn", "benchmarks.floors.turn:app", environment={"BENCH_PLAN": str(plan_file)}
    )
    with floor as port:
        ours = _Asker(demo.port, {"X-API-Key": task.key})
        bare = _Asker(port, {})
        for question in spoken[:_WARM]:
            ours.ask(question)
            bare.ask(question)
        ours.answers.clear()
        mine, least = alternated(spoken[_WARM:], ours.ask, bare.ask)
    good = [answer for answer in ours.answers if _is_extracted(answer)]
    if len(good) < 0.9 * len(ours.answers):
        raise Failed(f"only {len(good)} of {len(ours.answers)} answers came from documents; see QUESTIONS")
    plan = pickle.loads(plan_file.read_bytes())
    searches = len(next(iter(plan.searches.values())))
    rows = sum(len(table.rows) for table in plan.tables)
    note = (
        f"POST /api/v1/chat, one after the other, {len(ours.answers)} uncached questions to the demo's documents. Floor:"
        f" a bare ASGI application on the same server program that sends the search's {searches} statements and writes"
        f" the turn's {rows} rows ({len(plan.tables)} tables) in one transaction, by an asynchronous psycopg pool."
    )
    return [Row("extractive turn", mine, "ms", least, measure="ratio", limit=3.0, note=note)]


def _is_extracted(answer: dict[str, Any]) -> bool:
    data = answer["data"]
    return not data["cached"] and any(source["kind"] == "chunk" for source in data["sources"])


class _Asker:
    """A client that keeps its connection."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Content-Type": "application/json", **headers}
        self.answers: list[dict[str, Any]] = []

    def ask(self, question: str) -> None:
        """Ask a question and keep the answer."""
        self._connection.request("POST", "/api/v1/chat", json.dumps({"message": question}), self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise Failed(f"{answer.status} for a question: {body[:500]!r}")
        self.answers.append(json.loads(body))
