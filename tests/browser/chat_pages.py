"""What tests of the chat page look for."""

from typing import Any

from tests.browser.chat_stage import Stage

ANSWER = "可以取消 [1]。\n\n1. 打开“我的预约”。\n2. 点“取消”。\n\n退款三天到账 [2]。"


def answered(stage: Stage) -> Any:
    """Return the answers that are complete."""
    return stage.page.locator(".row-bot[data-phase=done]")
