"""JSON and JSONL: conversations in many shapes, tickets, flat records, and files that are none of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from kimono.providers.parsing import Limits, Parsed, UnreadableFile, parse


def read(tmp_path: Path, value: Any, name: str = "a.json", **options: Any) -> Parsed:
    path = tmp_path / name
    path.write_text(
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), encoding="utf-8"
    )
    return parse(path, **options)


def texts(document: Parsed) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in document.blocks]


def wecom(number: int, sender: str, to: str, kind: str, body: object, **more: object) -> dict[str, object]:
    return {
        "msgid": f"m{number}", "action": "send", "from": sender, "tolist": [to], "roomid": "",
        "msgtime": 1547087894783 + number,
        "msgtype": kind, kind: body, **more,
    }  # fmt: skip


def test_an_export_of_the_wecom_archive(tmp_path: Path) -> None:
    mixed = {
        "item": [
            {"type": "text", "content": '{"content": "看这里"}'},
            {"type": "image", "content": '{"md5sum": "x"}'},
        ]
    }
    records = [
        wecom(1, "zhang", "wmCustomer", "text", {"content": "您好，请问要租哪天？"}),
        wecom(2, "li", "wmOther", "text", {"content": "押金 500 元"}),
        wecom(3, "wmCustomer", "zhang", "text", {"content": "周六，\n两个人"}),
        wecom(4, "zhang", "wmCustomer", "mixed", mixed),
        wecom(
            5,
            "zhang",
            "wmCustomer",
            "link",
            {"title": "价格表", "description": "2026", "link_url": "https://k.example/p"},
        ),
        wecom(6, "zhang", "wmCustomer", "text", {"content": "发错了"}),
        wecom(7, "zhang", "wmCustomer", "revoke", {"pre_msgid": "m6"}, action="recall"),
        wecom(
            8, "wmCustomer", "zhang", "image", {"md5sum": "50de8e5a", "filesize": 70961, "sdkfileid": "CtYBM"}
        ),
    ]
    document = read(tmp_path, "\n".join(json.dumps(record) for record in records), "chat.jsonl")
    assert texts(document) == [
        ("heading", "zhang – wmCustomer"),
        (
            "list",
            "zhang: 您好，请问要租哪天？\nwmCustomer: 周六， 两个人\nzhang: 看这里 [image]\n"
            "zhang: 价格表 2026 https://k.example/p\nwmCustomer: [image]",
        ),
        ("heading", "li"),
        ("list", "li: 押金 500 元"),
    ]


def test_messages_of_the_wechat_customer_service(tmp_path: Path) -> None:
    common = {"external_userid": "wm1", "open_kfid": "wk1", "msgtype": "text"}
    messages = [
        {**common, "msgid": "1", "origin": 3, "text": {"content": "能改期吗"}},
        {**common, "msgid": "2", "origin": 5, "text": {"content": "可以，免费"}},
    ]
    document = read(tmp_path, {"errcode": 0, "next_cursor": "4gw7", "msg_list": messages})
    assert texts(document) == [("list", "customer: 能改期吗\nagent: 可以，免费")]


@pytest.mark.parametrize(
    "value",
    [
        [{"role": "user", "content": "能退吗"}, {"role": "assistant", "content": "七天内可以"}],
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "能退吗"}]},
                {"role": "bot", "content": "七天内可以"},
            ]
        },
        {"conversations": [{"from": "human", "value": "能退吗"}, {"from": "gpt", "value": "七天内可以"}]},
        {"original": [["customer", "能退吗"], ["agent", "七天内可以"]]},
        [{"发送者": "customer", "内容": "能退吗"}, {"发送者": "agent", "内容": "七天内可以"}],
        [
            {"sender": {"id": 1, "name": "customer"}, "text": "能退吗"},
            {"sender": {"name": "agent"}, "text": "七天内可以"},
        ],
    ],
)
def test_conversations_in_other_shapes(tmp_path: Path, value: Any) -> None:
    assert texts(read(tmp_path, value)) == [("list", "customer: 能退吗\nagent: 七天内可以")]


def test_tickets_keep_their_fields_and_replies(tmp_path: Path) -> None:
    tickets = [
        {
            "ticket_id": "T-7", "title": "快递丢失", "status": "resolved", "tags": ["物流", "赔付"], "user_id": None,
            "description": "包裹显示签收但没有收到。" * 8, "resolution": "已补发",
            "comments": [{"author": "小王", "body": "正在联系快递"}, {"author": "客人", "body": "好的"}],
        },
        {"ticket_id": "T-8", "title": "开发票", "status": "closed", "order": {"no": "A-1", "total": 300.5}},
    ]  # fmt: skip
    document = read(tmp_path, tickets)
    assert texts(document) == [
        ("heading", "快递丢失"),
        (
            "text",
            "ticket_id: T-7\nstatus: resolved\ntags: 物流, 赔付\n"
            "description: " + "包裹显示签收但没有收到。" * 8 + "\nresolution: 已补发",
        ),
        ("list", "小王: 正在联系快递\n客人: 好的"),
        ("heading", "开发票"),
        ("text", "ticket_id: T-8\nstatus: closed"),
        ("heading", "order"),
        ("text", "no: A-1\ntotal: 300.5"),
    ]
    assert document.blocks[2].section_path == ("快递丢失",) and document.blocks[6].section_path == (
        "开发票",
        "order",
    )


def test_flat_records_are_a_table(tmp_path: Path) -> None:
    rows = [{"款式": "振袖", "租金": 300, "含税": True}, {"款式": "浴衣", "租金": 120.5, "含税": False}]
    assert texts(read(tmp_path, {"items": rows})) == [
        ("heading", "items"),
        (
            "table",
            "| 款式 | 租金 | 含税 |\n| --- | --- | --- |\n| 振袖 | 300 | true |\n| 浴衣 | 120.5 | false |",
        ),
    ]


def test_lines_that_are_no_json_are_named(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        '{"question": "能退吗", "answer": "能"}\n{"question": \n{"question": "贵吗", "answer": "不"}',
        "a.jsonl",
    )
    assert [(problem.code, problem.row) for problem in document.errors] == [("not_json", 2)]
    assert "能退吗" in document.blocks[0].text and "贵吗" in document.blocks[0].text
    lines = read(tmp_path, '{"a": "x"}\n{"a": "y"}', "b.json")
    assert texts(lines) == [("table", "| a |\n| --- |\n| x |\n| y |")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1,\n "b" 2}', "line 2 is not JSON"),
        ("  ", "empty"),
        ("[]", "no text"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_json_has_a_reason(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        read(tmp_path, text)


def test_the_number_of_fields_is_limited(tmp_path: Path) -> None:
    rows = [{"a": n, "b": n} for n in range(10)]
    with pytest.raises(UnreadableFile, match="more than 15 fields"):
        read(tmp_path, rows, limits=Limits(max_cells=15))
