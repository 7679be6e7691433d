"""Sentences that say with the words of their source what it does not say; none is borne out by it."""

import pytest

from knowledge.services.grounding import support
from knowledge.services.word_order import is_turned

# What is said, what the source says, and what was done to it.
TURNED = [
    ("朱守谦不会废了你。", "朱守谦甫四岁，祖父说：「我不会废了你。」", "somebody else's words"),
    (
        "I need more cards, how do I do that.",
        "I need more cards, and all of them at once.",
        "a question without its mark",
    ),
    ("宠物可以入店。", "宠物可以入店吗。需要先联系门店确认。", "a question without its mark zh"),
    ("宠物可以入店。", "宠物可以入店吗？需要先联系门店确认。", "question states"),
    (
        "Pets are allowed in the shop.",
        "Are pets allowed in the shop? Please call first.",
        "question states en",
    ),
    ("卖家应在三天内通知买家。", "买家应在三天内通知卖家。", "roles"),
    (
        "The seller pays the buyer within five days.",
        "The buyer pays the seller within five days.",
        "roles en",
    ),
    ("押一付三改为押三付一。", "租金押一付三。", "order of numerals"),
    ("满 50 元减 300 元。", "满 300 元减 50 元。", "numbers swapped"),
    ("买一送二。", "活动期间买二送一。", "numerals without measure"),
    ("Spend $50 and get $300 off.", "Spend $300 and get $50 off.", "numbers swapped en"),
    ("门店周二休息。", "门店周一休息，其余时间照常营业。", "weekday"),
    ("The shop is closed on Tuesdays.", "The shop is closed on Mondays.", "weekday en"),
    ("店长是张敏，负责静安店的日常管理。", "店长是张伟，负责静安店的日常管理。", "person"),
    ("Our manager is Sarah Kim.", "Our manager is Sarah Lee.", "person en"),
    ("运费由商家承担。", "如有质量问题，运费由商家承担。", "condition dropped"),
    ("We pay for shipping.", "We pay for shipping if the item arrives damaged.", "condition dropped en"),
    ("We pay for shipping.", "If the item arrives damaged, we pay for shipping.", "condition dropped en2"),
    ("会员可免费寄存行李。", "钻石会员可免费寄存行李。", "qualifier dropped"),
    (
        "The wired headset is here in 2 working weeks.",
        "The wired headset is here in 2 working days.",
        "unit behind adjective",
    ),
    ("请点击“忘记账号”。", "请点击“忘记密码”。", "quoted"),
    ('Tap "How password".', 'Tap "Forgot password" on the page.', "quoted en"),
    (
        "凤岭校区位于琅东开发新区，现有教学班22个。",
        "凤岭校区位于琅东开发新区。琅东校区位于市中心，现有教学班22个。",
        "another's clause",
    ),
    (
        "The north branch is on Elm Street, with parking for 40 cars.",
        "The north branch is on Elm Street. The south branch is near the port, with parking for 40 cars.",
        "another's clause en",
    ),
    (
        "藤原季成是后白河天皇的第三皇子。",
        "以仁王是后白河天皇的第三皇子，母亲为藤原季成的女儿成子。",
        "name of another clause",
    ),
    ("振袖比小纹便宜。", "小纹比振袖便宜。", "comparison"),
    ("Silver is cheaper than bronze.", "Bronze is cheaper than silver.", "comparison en"),
    ("活动从 6 月 30 日到 6 月 1 日。", "活动从 6 月 1 日到 6 月 30 日。", "date order"),
    ("下午十点开门。", "上午十点开门，晚上八点关门。", "am pm"),
    ("Open until 8 am.", "Open from 9 am until 8 pm.", "am pm en"),
    ("定制商品可以退。", "并非所有商品都能退，定制商品不可以退。", "neg"),
    ("可以不交押金。", "不可以不交押金。", "double negation"),
    ("You must pay a deposit.", "You must not pay a deposit in cash.", "neg + tail"),
    ("退款原路退回，3 个工作日内到账，逾期赔付。", "退款原路退回，3 个工作日内到账。", "tail"),
    ("不需要预约。", "周末需要预约，平日不需要预约。", "scope dropped"),
    ("需要预约。", "周末需要预约，平日不需要预约。", "scope dropped2"),
    ("可以退。", "七天内可以退。", "bound dropped"),
    ("All items can be returned.", "Unworn items can be returned.", "qualifier en"),
    ("每人限购 5 件。", "每单限购 5 件，每人限购 2 件。", "list"),
    ("孕妇可以穿振袖。", "孕妇可以穿浴衣，不建议穿振袖。", "subst"),
    (
        "Children can wear the adult size.",
        "Children wear sizes 100 to 150; adults can wear the adult size.",
        "subst en",
    ),
    ("退货请寄到北京朝阳区。", "退货请寄到上海静安区。", "place"),
    ("Send returns to Boston.", "Send returns to Austin.", "place en"),
    ("保修两年。", "保修期为一年，电池保修两个月。", "unit zh numeral"),
    (
        "The warranty is two years.",
        "The warranty is two months, extended to three years for members.",
        "cross",
    ),
    ("请加微信 kefu002。", "请加微信 kefu001。", "id"),
    ("客服电话 400-800-1235。", "客服电话 400-800-1234。", "phone"),
    ("Use code SAVE20.", "Use code SAVE10.", "code"),
    ("可用支付宝付款。", "不支持支付宝，可用微信付款。", "neg list"),
    ("最晚 20:00 前归还。", "最早 20:00 后归还。", "bounds words"),
    ("运费 8-12 元。", "运费 12-18 元。", "range"),
    ("提前一小时到店。", "推迟一小时到店。", "antonym"),
    ("价格上涨了 5%。", "价格下降了 5%。", "antonym2"),
    ("Prices rose by 5%.", "Prices fell by 5%.", "antonym en"),
    ("退货免费，换货收费。", "退货收费，换货免费。", "swap preds"),
    (
        "Returns are free and exchanges cost money.",
        "Exchanges are free and returns cost money.",
        "swap preds en",
    ),
    ("VIP 享 8 折，金卡享 9 折。", "VIP 享 9 折，金卡享 8 折。", "swap nums"),
    ("首日 9 折，次日 8 折。", "首日 8 折，次日 9 折。", "swap nums 2"),
    ("Monday 9 to 5, Sunday 10 to 6.", "Monday 10 to 6, Sunday 9 to 5.", "swap hours"),
    ("I\u200bgnore this. 免费。", "全场正价。", "zero width"),
    ("退款在 ７ 天内到账。", "退款在 3 天内到账。", "full width number"),
    ("退款在 ③⑤ 天内到账。", "退款在 3 天内到账。", "circled"),
    ("退款在 ۷ 天内到账。", "退款在 3 天内到账。", "arabic-indic digit"),
    ("退款在七十二小时内到账。", "退款在 3 天内到账。", "converted"),
]

# Said otherwise than the source, and yet the same.
KEPT = [
    ("如果有质量问题，商家会承担运费。", "如有质量问题，运费由商家承担。"),
    ("We pay for shipping if an item arrives damaged.", "If the item arrives damaged, we pay for shipping."),
    ("VPN 客户端可在门户下载。", "VPN 客户端须每 30 天更新，可在门户下载。"),
    ("周一至周五 9:00 到 19:00 营业。", "营业时间：周一至周五 09:00–19:00，周末 10:00–20:00。"),
    ("你可以提前 24 小时免费取消。", "提前 24 小时可免费取消，不足 24 小时收取 50%。"),
    ("Standard delivery takes 3 days.", "Standard delivery takes 3 days and costs $5, express takes 1 day."),
    ("振袖 ¥699、浴衣 ¥159。", "按天计价：浴衣 ¥159、小纹和服 ¥199、振袖 ¥699。"),
]


@pytest.mark.parametrize(("said", "source", "how"), TURNED)
def test_what_turns_its_source_round_is_not_borne_out(said: str, source: str, how: str) -> None:
    assert support(said, [source]) is None, how


@pytest.mark.parametrize(("said", "source"), KEPT)
def test_what_only_words_it_otherwise_is(said: str, source: str) -> None:
    assert support(said, [source]) is not None


def test_order_is_judged_by_three_words_or_two_numbers() -> None:
    assert is_turned("bronze costs more than silver", "silver costs more than bronze")
    assert is_turned("从 30 楼到 1 楼", "从 1 楼到 30 楼")
    assert not is_turned("振袖 699 浴衣 159", "浴衣 159 振袖 699")
    assert not is_turned("退货七天内可申请", "七天内可申请退货")
    assert not is_turned("", "a b c")
