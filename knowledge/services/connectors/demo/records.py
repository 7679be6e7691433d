"""The sample records. Nobody in them exists: names are made up, addresses end in example.com."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

OrderState = Literal["unpaid", "packing", "shipped", "delivered", "cancelled", "returning"]
ReturnState = Literal["requested", "approved", "received", "refunded", "rejected"]
MemberLevel = Literal["normal", "silver", "gold", "vip", "svip"]
AccountState = Literal["active", "locked", "suspended"]


@dataclass(frozen=True)
class Order:
    """One order; `amount` in yuan, dates ISO 8601."""

    order_no: str
    item: str
    item_en: str
    state: OrderState
    amount: float
    ordered_on: str
    expected_on: str | None
    carrier: str | None
    tracking_no: str | None
    receiver: str
    phone: str


@dataclass(frozen=True)
class Return:
    """The return of an order; `refund` in yuan."""

    return_no: str
    order_no: str
    state: ReturnState
    refund: float
    requested_on: str
    reason: str


@dataclass(frozen=True)
class Member:
    """A member, found by telephone number."""

    member_no: str
    name: str
    phone: str
    level: MemberLevel
    points: int
    points_expire_on: str


@dataclass(frozen=True)
class Account:
    """A login, found by e-mail address."""

    email: str
    username: str
    state: AccountState
    last_login_on: str
    reason: str | None
    reason_en: str | None


_ORDERS = (
    Order("ORD-001", "樱花小纹和服租赁一日", "Sakura komon kimono, one day", "shipped", 298.0, "2026-06-28", "2026-07-05",
          "顺丰速运", "SF1029384756", "林小满", "13800138000"),
    Order("ORD-002", "振袖成人式套装", "Furisode coming-of-age set", "packing", 1280.0, "2026-07-01", "2026-07-08",
          None, None, "周一诺", "13900139000"),
    Order("ORD-003", "男士羽织袴", "Men's haori and hakama", "delivered", 680.0, "2026-06-12", None,
          "中通快递", "ZT5566778899", "陈远", "13700137000"),
    Order("ORD-004", "夏季浴衣与腰带", "Summer yukata with obi", "unpaid", 199.0, "2026-07-02", None,
          None, None, "苏青", "13600136000"),
    Order("ORD-005", "访问着租赁两日", "Homongi rental, two days", "returning", 520.0, "2026-06-05", None,
          "顺丰速运", "SF2233445566", "何静", "13500135000"),
    Order("ORD-006", "木屐与足袋", "Geta sandals with tabi", "cancelled", 159.0, "2026-06-20", None,
          None, None, "方可", "13400134000"),
    Order("ORD-100001", "菊纹访问着租赁一日", "Chrysanthemum homongi, one day", "shipped", 399.0, "2026-07-01", "2026-07-06",
          "顺丰速运", "SF6677889900", "顾青禾", "13712345678"),
    Order("ORD-100002", "樱花发簪与手袋", "Cherry-blossom hairpin and bag", "delivered", 168.0, "2026-06-22", None,
          "圆通速递", "YT1357924680", "林小满", "13800138000"),
    Order("ORD-100003", "振袖租赁三日", "Furisode rental, three days", "returning", 1398.0, "2026-06-18", None,
          "顺丰速运", "SF1122334455", "何静", "13500135000"),
    Order("ORG-100001", "无线键盘", "Wireless keyboard", "shipped", 249.0, "2026-06-30", "2026-07-06",
          "京东物流", "JD0011223344", "吴桐", "13300133000"),
    Order("ORG-100002", "27 寸显示器", "27-inch monitor", "delivered", 1599.0, "2026-06-10", None,
          "德邦快递", "DP9988776655", "郑好", "13200132000"),
    Order("ORG-100003", "笔记本扩展坞", "Laptop docking station", "packing", 459.0, "2026-07-02", "2026-07-07",
          None, None, "沈念", "13100131000"),
    Order("ORG-100004", "降噪耳机", "Noise-cancelling headset", "returning", 899.0, "2026-06-01", None,
          "京东物流", "JD5544332211", "许诺", "15800158000"),
)  # fmt: skip
_RETURNS = (
    Return("RET-5001", "ORD-005", "received", 520.0, "2026-06-15", "尺码不合适"),
    Return("RET-5002", "ORG-100004", "approved", 899.0, "2026-06-18", "有杂音"),
    Return("RET-5003", "ORD-003", "refunded", 680.0, "2026-06-20", "颜色不符"),
    Return("RET-5005", "ORD-100003", "received", 1398.0, "2026-06-27", "尺码不合适"),
    Return("RET-5004", "ORG-100002", "rejected", 0.0, "2026-06-25", "超过退货期限"),
)
_MEMBERS = (
    Member("M-1001", "林小满", "13800138000", "gold", 3260, "2026-12-31"),
    Member("M-1002", "周一诺", "13900139000", "vip", 12880, "2026-12-31"),
    Member("M-1003", "陈远", "13700137000", "normal", 120, "2026-12-31"),
    Member("M-1004", "吴桐", "13300133000", "svip", 30500, "2027-06-30"),
    Member("M-1005", "沈念", "13100131000", "silver", 980, "2026-12-31"),
)
_ACCOUNTS = (
    Account("linxm@example.com", "linxm", "active", "2026-07-01", None, None),
    Account(
        "wutong@example.com",
        "wutong",
        "locked",
        "2026-06-29",
        "连续输错密码五次",
        "five wrong passwords in a row",
    ),
    Account(
        "shennian@example.com",
        "shennian",
        "suspended",
        "2026-05-11",
        "超过 30 天未完成安全验证",
        "no security check for 30 days",
    ),
    Account("zhenghao@example.com", "zhenghao", "active", "2026-06-30", None, None),
)

ORDERS: Mapping[str, Order] = {order.order_no: order for order in _ORDERS}
RETURNS: Mapping[str, Return] = {each.order_no: each for each in _RETURNS}
MEMBERS: Mapping[str, Member] = {member.phone: member for member in _MEMBERS}
ACCOUNTS: Mapping[str, Account] = {account.email: account for account in _ACCOUNTS}
