"""One good request for every route, so that what refuses it is its caller or its object and nothing else.

A new route needs a row here; `None` stands for a request without a body. The function is given the ids of the merchant
whose things are asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Ids = dict[str, str]


@dataclass(frozen=True)
class Sample:
    """`body` goes as JSON, `form` as a form with a file; `query` ends the address."""

    body: Callable[[Ids], Any] | None = None
    form: Callable[[Ids], dict[str, Any]] | None = None
    query: Callable[[Ids], str] | None = None


def _body(**fixed: Any) -> Sample:
    return Sample(body=lambda ids: fixed)


def _file(name: str, content: str, **fields: str) -> Sample:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return Sample(form=lambda ids: {"file": SimpleUploadedFile(name, content.encode()), **fields})


NOTHING = Sample()
PAIR = {"question": "几点关门？", "answer": "晚上八点。"}
USER = {"username": "new.user", "password": "correct-horse-battery"}
SOLUTION = {"question": "雨天开门吗？", "solution": "照常开门。"}
SCENE = {"name": "退货", "schema": {"type": "object", "properties": {"no": {"type": "string"}}}}


def _chat(ids: Ids) -> dict[str, Any]:
    return {"message": "周末几点开门？", "session_id": ids["session_id"]}


SAMPLES: dict[str, Sample] = {
    "SY-01": NOTHING,
    "SY-04": NOTHING,
    "SY-05": NOTHING,
    "AU-01": _body(username="nobody", password="wrong-password"),
    "AU-02": _body(refresh_token="nonsense"),
    "AU-03": _body(refresh_token="nonsense"),
    "AU-04": NOTHING,
    "AU-05": _body(old_password="wrong", new_password="another-good-passphrase"),
    "AU-06": NOTHING,
    "AU-07": _body(username="nobody", password="wrong-password"),
    "AU-08": NOTHING,
    "AU-09": NOTHING,
    "AU-10": _body(**USER),
    "AU-11": _body(display_name="taken over"),
    "AU-12": NOTHING,
    "AU-13": NOTHING,
    "AU-14": _body(name="new", scopes=["chat"]),
    "AU-15": NOTHING,
    "AU-16": _body(name="taken over"),
    "AU-17": _body(grace_seconds=0),
    "AU-18": NOTHING,
    "AU-19": Sample(query=lambda ids: f"target_id={ids['key_id']}"),
    "AL-09": _body(**{**USER, "username": "other.user"}),
    "CF-01": NOTHING,
    "CF-02": _body(privacy={"retention_days": 30}),
    "KB-01": _file("opening.md", "# 营业\n\n节日休息。\n", **{"async": "true"}),
    "KB-02": _body(url="https://93.184.216.34/rules.md"),
    "KB-03": Sample(query=lambda ids: f"doc_id={ids['doc_id']}"),
    "KB-04": NOTHING,
    "KB-05": NOTHING,
    "KB-06": NOTHING,
    "KB-07": Sample(query=lambda ids: "q=开门"),
    "KB-08": NOTHING,
    "KB-09": _body(title="taken over"),
    "KB-10": NOTHING,
    "KB-11": NOTHING,
    "KB-12": _body(target_version="v1"),
    "KB-13": Sample(query=lambda ids: "from=v1&to=v1"),
    "KB-14": NOTHING,
    "KB-15": NOTHING,
    "KB-16": Sample(body=lambda ids: {"doc_id": ids["doc_id"]}),
    "KB-17": NOTHING,
    "KB-18": Sample(body=lambda ids: {"query": "周末几点开门？", "doc_id": ids["doc_id"], "explain": True}),
    "KB-19": NOTHING,
    "KB-20": Sample(query=lambda ids: f"qa_id={ids['qa_id']}"),
    "KB-21": NOTHING,
    "KB-22": NOTHING,
    "QA-01": Sample(query=lambda ids: "keyword=开门"),
    "QA-02": _body(**PAIR),
    "QA-03": NOTHING,
    "QA-04": _body(answer="taken over"),
    "QA-05": NOTHING,
    "QA-06": Sample(body=lambda ids: {"qa_ids": [ids["qa_id"]], "operation": "delete"}),
    "QA-07": _file("pairs.csv", "question,answer\n几点开门,十点\n"),
    "QA-08": Sample(query=lambda ids: "format=csv"),
    "QA-09": Sample(query=lambda ids: "format=csv"),
    "QA-10": _body(**PAIR),
    "QA-11": _body(full=False),
    "QA-12": NOTHING,
    "QA-13": NOTHING,
    "QA-14": _file("form.md", "# 表单\n", caption="taken over"),
    "QA-15": NOTHING,
    "UP-01": _body(dir_path="docs", **{"async": True}),
    "UP-02": _body(dir_path="docs", **{"async": True}),
    "UP-03": _body(file_path="docs/none.md"),
    "UP-04": NOTHING,
    "EV-01": NOTHING,
    "EV-02": _body(name="新", cases=[{"query": "几点关门？"}]),
    "EV-03": NOTHING,
    "EV-04": NOTHING,
    "EV-05": Sample(body=lambda ids: {"dataset_id": ids["dataset_id"], "async": True}),
    "EV-06": Sample(query=lambda ids: f"dataset_id={ids['dataset_id']}"),
    "EV-07": Sample(query=lambda ids: f"compare_to={ids['report_id']}"),
    "EV-08": Sample(query=lambda ids: "format=csv"),
    "EV-09": _body(size=5, seed=1),
    "EV-10": NOTHING,
    "EV-11": NOTHING,
    "EV-12": Sample(body=lambda ids: {"correct": False, "relevant_chunk_ids": [ids["qa_id"]]}),
    "EV-13": Sample(query=lambda ids: "format=csv"),
    "TU-01": NOTHING,
    "TU-02": _body(rerank_top_k=7),
    "TU-03": NOTHING,
    "AG-01": NOTHING,
    "AG-02": Sample(query=lambda ids: "scope=all"),
    "AG-03": NOTHING,
    "AG-04": _body(priority="high", tags=["taken over"]),
    "AG-05": NOTHING,
    "AG-06": _body(content="taken over"),
    "AG-07": _body(query="周末几点开门？"),
    "AG-08": _body(query="我的订单到哪了"),
    "AG-09": _body(**SOLUTION),
    "AG-10": _body(note="taken over"),
    "AG-11": _body(to="bot", note="taken over"),
    "AG-12": _body(to_agent_id="agent-default"),
    "AG-13": _body(force=False),
    "AG-14": NOTHING,
    "AG-15": _body(content="taken over"),
    "AG-16": Sample(query=lambda ids: "q=%E9%80%80%E8%B4%A7"),
    "AG-17": _body(shortcut="th2", title="退货", content="请在订单页申请。"),
    "AG-18": _body(content="taken over"),
    "AG-19": NOTHING,
    "AG-20": NOTHING,
    "AG-21": NOTHING,
    "AG-22": _body(status="online"),
    "AG-23": NOTHING,
    "AG-24": _body(name="售后二组"),
    "AG-25": _body(description="taken over"),
    "AG-26": NOTHING,
    "AG-27": NOTHING,
    "SO-01": Sample(body=lambda ids: {**SOLUTION, "session_id": ids["session_id"]}),
    "SO-02": NOTHING,
    "SO-03": NOTHING,
    "SO-04": _body(answer="taken over"),
    "SO-05": _body(reason="taken over"),
    "TK-02": NOTHING,
    "TK-03": NOTHING,
    "TK-04": _body(title="破损", description="衣物破损"),
    "TK-05": _body(status="closed"),
    "AL-01": Sample(body=_chat),
    "AL-02": NOTHING,
    "AL-03": Sample(body=lambda ids: {"rating": 5, "conversation_id": ids["session_id"]}),
    "AL-06": _body(full=False),
    "AL-07": _body(**PAIR),
    "CH-01": Sample(body=_chat),
    "CH-02": Sample(body=_chat),
    "CH-03": Sample(body=lambda ids: {**_chat(ids), "channel": "wechat"}),
    "CH-04": _body(channel="web"),
    "CH-05": NOTHING,
    "CH-06": NOTHING,
    "CH-07": NOTHING,
    "CH-08": NOTHING,
    "CH-09": _body(rating=5),
    "CH-10": _body(reason="taken over"),
    "CH-11": _body(reason="taken over"),
    "CH-12": _body(score=4, comment="taken over"),
    "CH-13": Sample(query=lambda ids: "format=json"),
    "CH-14": Sample(query=lambda ids: "format=docx"),
    "CH-15": _body(),
    "SC-01": NOTHING,
    "SC-02": _body(**SCENE),
    "SC-03": NOTHING,
    "SC-04": _body(name="taken over"),
    "SC-05": NOTHING,
    "SC-06": Sample(body=lambda ids: {"message": "我要预约", "scene_id": ids["scene_id"]}),
    "PM-01": NOTHING,
    "PM-02": NOTHING,
    "PM-03": NOTHING,
    "PM-04": NOTHING,
    "PM-05": Sample(query=lambda ids: f"session_id={ids['session_id']}"),
    "PM-06": NOTHING,
    "PM-07": NOTHING,
    "PM-08": NOTHING,
    "PM-09": NOTHING,
    "PM-10": NOTHING,
    "PM-12": NOTHING,
    "WI-01": NOTHING,
    "WI-02": _body(page_url="https://shop.example.com/"),
    "WI-03": NOTHING,
}
