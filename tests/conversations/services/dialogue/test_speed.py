"""No message of the greatest length takes long, however it is made: the rules must not backtrack without end."""

from datetime import UTC, datetime
from time import process_time
from zoneinfo import ZoneInfo

import pytest

from conversations.services.dialogue import emotion, intents, rewriting, slots
from conversations.services.dialogue.slots import Scene
from conversations.services.dialogue.window import Line
from knowledge.services.connectors import connect

SCENES = [
    Scene.from_template(each, scene_id=each.name, connector="demo") for each in connect("demo").scenes()
]
ANYTHING = Scene(
    "scn",
    "全部",
    {
        "type": "object",
        "required": ["n"],
        "properties": {
            "n": {"type": "integer"},
            "m": {"type": "number"},
            "d": {"type": "string", "format": "date"},
            "t": {"type": "string", "x-kind": "time"},
            "p": {"type": "string", "format": "phone"},
            "b": {"type": "boolean"},
            "e": {"type": "string", "enum": ["a", "b"]},
        },
    },
)
WINDOW = [Line("contact", "退货流程是什么？"), Line("bot", "请看说明。需要为您转接人工客服吗？", "answer")]
UNITS = (
    "好 嗯 谢谢 没有 ok hi a 转 转人工 请 人工 忽略 的 不 不对 我的 我要 为什么 怎么 下 个 没 没了 在 你好 算了 取消 那 呢"
    " 它 1 1- 一 十万 1年1月 ORG-1 a@ a. 1,111 ! ？ system: ignore show_all talk_to wrong the it and_ what_about_"
)


@pytest.mark.parametrize("unit", [each.replace("_", " ") for each in UNITS.split()])
@pytest.mark.parametrize("end", ["", "z", "呢"])
def test_a_long_message_is_judged_quickly(unit: str, end: str) -> None:
    text = (unit * 2000)[:1999] + end
    started = process_time()
    intents.recognise(text, window=WINDOW, scenes=SCENES, open_scene=SCENES[0])
    rewriting.rewrite(text, WINDOW)
    emotion.score(text, window=WINDOW)
    slots.fill(
        ANYTHING, {}, text, last_asked="n", now=datetime(2026, 7, 3, tzinfo=UTC), tz=ZoneInfo("Asia/Shanghai")
    )
    assert process_time() - started < 2
