"""The scenes and tools of the sample business."""

from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.services.connectors.protocol import SceneTemplate, Tool

_ORDER_NO: Mapping[str, Any] = {
    "type": "string",
    "pattern": r"^[A-Z]{3}-\d{3,12}$",
    "title": "订单号",
    "x-ask": "请提供您的订单号。",
    "x-en": {"title": "order number", "ask": "Could you tell me your order number?"},
    "x-ja": {"title": "注文番号", "ask": "ご注文番号を教えてください。"},
}
_PHONE: Mapping[str, Any] = {
    "type": "string",
    "format": "phone",
    "title": "手机号",
    "x-ask": "请提供您登记的手机号。",
    "x-en": {"title": "phone number", "ask": "Could you tell me the phone number you registered with?"},
    "x-ja": {"title": "電話番号", "ask": "ご登録の電話番号を教えてください。"},
}
_EMAIL: Mapping[str, Any] = {
    "type": "string",
    "x-kind": "email",
    "maxLength": 254,
    "title": "登录邮箱",
    "x-ask": "请提供您的登录邮箱。",
    "x-en": {"title": "sign-in e-mail", "ask": "Could you tell me the e-mail address you sign in with?"},
    "x-ja": {"title": "メールアドレス", "ask": "ログイン用のメールアドレスを教えてください。"},
}
_REASON: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 200, "title": "退货原因"}


def _object(**properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


SCENES: Sequence[SceneTemplate] = (
    SceneTemplate(
        name="order",
        title="订单查询",
        tool="query_order",
        trigger_examples=(
            "我的订单到哪了",
            "帮我查一下订单",
            "我的快递什么时候到",
            "订单发货了吗",
            "我的包裹到哪里了",
            "订单找不到",
            "where is my order",
            "track my package",
            "has my order shipped",
        ),
        schema=_object(order_no=_ORDER_NO),
    ),
    SceneTemplate(
        name="return",
        title="退货进度查询",
        tool="query_return",
        trigger_examples=(
            "我的退货到哪一步了",
            "查一下我的退货进度",
            "我的退款怎么还没到账",
            "退货审核通过了吗",
            "check my return status",
            "where is my refund",
        ),
        schema=_object(order_no=_ORDER_NO),
    ),
    SceneTemplate(
        name="member",
        title="会员查询",
        tool="query_member",
        trigger_examples=(
            "我的会员等级是什么",
            "我有多少积分",
            "查一下我的积分",
            "我的积分什么时候过期",
            "check my points",
            "what is my membership level",
        ),
        schema=_object(phone=_PHONE),
    ),
    SceneTemplate(
        name="account",
        title="账号查询",
        tool="query_account",
        trigger_examples=(
            "我的账号被锁定了",
            "我的账号为什么登录不了",
            "查一下我的账号状态",
            "我的账户被冻结了",
            "my account is locked",
            "check my account status",
        ),
        schema=_object(email=_EMAIL),
    ),
)
TOOLS: Sequence[Tool] = (
    Tool("query_order", "read", "查询订单状态与物流", _object(order_no=_ORDER_NO), "GET", "/orders/{order_no}",
         ("receiver", "phone")),
    Tool("query_return", "read", "查询退货与退款进度", _object(order_no=_ORDER_NO), "GET", "/orders/{order_no}/return"),
    Tool("query_member", "read", "查询会员等级与积分", _object(phone=_PHONE), "GET", "/members", ("name", "phone")),
    Tool("query_account", "read", "查询账号状态", _object(email=_EMAIL), "GET", "/accounts", ("email", "username")),
    Tool("create_return", "write", "申请退货", _object(order_no=_ORDER_NO, reason=_REASON), "POST", "/returns"),
)  # fmt: skip
