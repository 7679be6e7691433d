"""What the sample business answers, in the contact's language, from masked data."""

from collections.abc import Mapping
from typing import Any

from knowledge.services.connectors.protocol import Language

_STATES: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "unpaid": "待付款",
        "packing": "备货中",
        "shipped": "运输中",
        "delivered": "已签收",
        "cancelled": "已取消",
        "returning": "退货中",
        "requested": "已申请，等待审核",
        "approved": "审核通过，等待寄回",
        "received": "已收到退货，正在质检",
        "refunded": "已退款",
        "rejected": "未通过",
        "active": "正常",
        "locked": "已锁定",
        "suspended": "已停用",
    },
    "en": {
        "unpaid": "waiting for payment",
        "packing": "being packed",
        "shipped": "on its way",
        "delivered": "delivered",
        "cancelled": "cancelled",
        "returning": "being returned",
        "requested": "requested and waiting for review",
        "approved": "approved, waiting for the goods",
        "received": "received and being inspected",
        "refunded": "refunded",
        "rejected": "not accepted",
        "active": "active",
        "locked": "locked",
        "suspended": "suspended",
    },
    "ja": {
        "unpaid": "お支払い待ち",
        "packing": "準備中",
        "shipped": "配送中",
        "delivered": "配達済み",
        "cancelled": "キャンセル済み",
        "returning": "返品手続き中",
        "requested": "審査待ち",
        "approved": "承認済み・返送待ち",
        "received": "到着・検品中",
        "refunded": "返金済み",
        "rejected": "承認されませんでした",
        "active": "利用可能",
        "locked": "ロック中",
        "suspended": "停止中",
    },
}
_LEVELS: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "normal": "普通会员",
        "silver": "银卡会员",
        "gold": "金卡会员",
        "vip": "VIP 会员",
        "svip": "SVIP 会员",
    },
    "en": {"normal": "standard", "silver": "silver", "gold": "gold", "vip": "VIP", "svip": "SVIP"},
    "ja": {"normal": "一般", "silver": "シルバー", "gold": "ゴールド", "vip": "VIP", "svip": "SVIP"},
}
_TEMPLATES: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "order": "订单 {order_no}（{item}）目前{state}。",
        "tracking": "由{carrier}承运，运单号 {tracking_no}。",
        "expected": "预计 {expected_on} 送达。",
        "return": "订单 {order_no} 的退货单 {return_no} 目前{state}。",
        "refund": "退款金额 {refund:.2f} 元。",
        "member": "您的会员等级为{level}，现有积分 {points}，有效期至 {points_expire_on}。",
        "account": "账号 {email} 目前{state}。",
        "reason": "原因：{reason}。",
        "not_found.order": "没有查到订单 {order_no}，请核对订单号后再试。",
        "not_found.return": "订单 {order_no} 没有退货记录，请核对订单号。",
        "not_found.member": "没有查到该手机号的会员信息，请核对后再试。",
        "not_found.account": "没有查到该邮箱对应的账号，请核对后再试。",
        "create_return": "为订单 {order_no} 申请退货，原因：{reason}",
        "created": "已为订单 {order_no} 提交退货申请，退货单号 {return_no}。",
    },
    "en": {
        "order": "Order {order_no} ({item_en}) is {state}.",
        "tracking": "It was sent with tracking number {tracking_no}.",
        "expected": "It should arrive on {expected_on}.",
        "return": "Return {return_no} of order {order_no} is {state}.",
        "refund": "The refund is CNY {refund:.2f}.",
        "member": "Your membership level is {level}; you have {points} points, valid until {points_expire_on}.",
        "account": "Account {email} is {state}.",
        "reason": "Reason: {reason_en}.",
        "not_found.order": "I found no order {order_no}. Please check the number and try again.",
        "not_found.return": "There is no return for order {order_no}. Please check the number.",
        "not_found.member": "I found no member with this phone number. Please check and try again.",
        "not_found.account": "I found no account with this e-mail address. Please check and try again.",
        "create_return": "Request a return of order {order_no}, reason: {reason}",
        "created": "The return of order {order_no} was requested; its number is {return_no}.",
    },
    "ja": {
        "order": "ご注文 {order_no}（{item}）は{state}です。",
        "tracking": "お問い合わせ番号は {tracking_no} です。",
        "expected": "{expected_on} にお届けの予定です。",
        "return": "ご注文 {order_no} の返品 {return_no} は{state}です。",
        "refund": "返金額は {refund:.2f} 元です。",
        "member": "会員ランクは{level}、ポイントは {points}、有効期限は {points_expire_on} です。",
        "account": "アカウント {email} は{state}です。",
        "reason": "理由：{reason}。",
        "not_found.order": "ご注文 {order_no} が見つかりませんでした。番号をご確認ください。",
        "not_found.return": "ご注文 {order_no} の返品記録はありません。番号をご確認ください。",
        "not_found.member": "この電話番号の会員情報が見つかりませんでした。",
        "not_found.account": "このメールアドレスのアカウントが見つかりませんでした。",
        "create_return": "ご注文 {order_no} の返品を申請（理由：{reason}）",
        "created": "ご注文 {order_no} の返品を受け付けました。返品番号は {return_no} です。",
    },
}
# Sentences after the first, said only when every value in them is known.
_DETAILS: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "order": (("tracking", ("carrier", "tracking_no")), ("expected", ("expected_on",))),
    "return": (("refund", ("refund",)),),
    "account": (("reason", ("reason",)),),
}


def reply(topic: str, data: Mapping[str, Any], language: Language) -> str:
    """Return what `data` says about `topic` (order, return, member, account) in `language`."""
    templates = _TEMPLATES[language]
    state, level = str(data.get("state")), str(data.get("level"))
    values = {
        **data,
        "state": _STATES[language].get(state, state),
        "level": _LEVELS[language].get(level, level),
    }
    sentences = [templates[topic].format_map(values)]
    for name, needed in _DETAILS.get(topic, ()):
        if all(data.get(key) for key in needed):
            sentences.append(templates[name].format_map(values))
    return (" " if language == "en" else "").join(sentences)


def say(name: str, params: Mapping[str, Any], language: Language) -> str:
    """Return one sentence by its name, with `params` put in."""
    return _TEMPLATES[language][name].format_map(params)
