"""A merchant's documents made up by rule: the same each time, in Chinese and English, as many chunks as are wanted."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

SENTENCES = 24_000
SENTENCES_PER_CHUNK = 3
_SEED = 20_260_301

WORDS = {
    "who": "顾客 会员 企业客户 学生 门店店长 快递员 摄影师 化妆师 新人 家长 供应商 财务人员 夜班员工 仓库管理员 访客 志愿者",
    "what": "振袖 访问着 小纹 浴衣 袴 羽织 足袋 草履 发簪 腰带 手袋 伞具 押金单 发票 优惠券 礼品卡 储值卡 收货地址 会员积分"
    " 拍摄套餐 团体名单 试穿预约 退款申请 维修工单 投影仪 打印机 门禁卡 视频会议室 数据线 无线路由器",
    "do": "归还 预约 更换 清洗 寄回 试穿 购买 借用 登记 取消 延长 转让 检查 修补 快递 包装 签收 领取 激活 报失",
    "where": "前台 自助柜 二号仓库 静安门店 平江门店 西湖门店 线上商城 小程序 客服热线 服务窗口 地下停车场 会议楼三层",
    "how": "凭身份证 凭订单号 通过短信验证码 填写申请表 由店长签字 拍照留存 当面清点 提前一天 在工作日内 按原路",
    "then": "费用在三个工作日内退回 逾期按日计收 需要另付手续费 可以免费一次 系统会发送通知 由专人电话联系 须重新排队"
    " 不影响会员等级 当天可以取消 请保留好凭证 超出部分自行承担 节假日顺延处理",
}
_EN = {
    "who": "customers members employees visitors contractors students managers guests technicians interns",
    "what": "laptops monitors headsets badges parking-permits meeting-rooms licences printers invoices refunds deposits"
    " kimonos sashes sandals umbrellas vouchers gift-cards reservations shipments certificates tokens routers",
    "do": "return renew replace reserve cancel collect register transfer upgrade repair reset extend borrow report",
    "where": "reception warehouse helpdesk portal lobby counter workshop library cafeteria annex basement studio",
    "how": "with-photo-identification using-the-order-number after-approval in-writing by-email before-noon in-person",
    "then": "the-fee-is-refunded a-late-charge-applies a-message-is-sent no-further-step-is-needed the-queue-starts-again"
    " the-warranty-ends approval-takes-two-days the-balance-stays",
}


@dataclass(frozen=True)
class Made:
    """One chunk: its text, the terms it is found by, its vector."""

    text: str
    terms: Counter[str]
    vector: list[float]


def sentences() -> list[str]:
    """Return the sentences that chunks are made of; no two are alike."""
    dice = random.Random(_SEED)
    found: dict[str, None] = {}
    while len(found) < SENTENCES:
        found[_chinese(dice) if dice.random() < 0.6 else _english(dice)] = None
    return list(found)


def _chinese(dice: random.Random) -> str:
    pick = {name: dice.choice(words.split()) for name, words in WORDS.items()}
    number = dice.randrange(2, 4000)
    return f"{pick['who']}{pick['how']}到{pick['where']}{pick['do']}{pick['what']}，编号{number}，{pick['then']}。"


def _english(dice: random.Random) -> str:
    pick = {name: dice.choice(words.split()).replace("-", " ") for name, words in _EN.items()}
    number = dice.randrange(2, 4000)
    return (
        f"{pick['who'].capitalize()} {pick['do']} {pick['what']} at the {pick['where']} {pick['how']}, form {number};"
        f" {pick['then']}."
    )


def chunks(first: int, count: int, *, processes: int = 2) -> Iterator[list[Made]]:
    """Yield `count` chunks from number `first` on, in batches: their terms and the local encoder's vectors included."""
    size = 1000
    parts = [(start, min(size, first + count - start)) for start in range(first, first + count, size)]
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(_batch, parts)


_known: list[tuple[str, Counter[str]]] = []


def _batch(part: tuple[int, int]) -> list[Made]:
    from kimono.providers.local import LocalEncoder
    from knowledge.services.terms import terms

    if not _known:
        # A sentence ends every term, so the terms of a chunk are those of its sentences.
        _known.extend((sentence, Counter(terms(sentence))) for sentence in sentences())
    start, count = part
    encoder, made = LocalEncoder(), []
    for number in range(start, start + count):
        dice = random.Random(_SEED + number)
        own = [dice.choice(_known) for _ in range(SENTENCES_PER_CHUNK)]
        text = " ".join(sentence for sentence, _ in own)
        counts = sum((each for _, each in own), Counter[str]())
        made.append(Made(text, counts, encoder.encode([text])[0]))
    return made


def questions(count: int) -> Sequence[str]:
    """Return questions that share words with the chunks, none of them literally in one."""
    dice = random.Random(_SEED - 1)
    asked = []
    for sentence in dice.sample(sentences(), count):
        if sentence.isascii():
            words = sentence.replace(";", ",").rstrip(".").split(", ")[0].split()
            asked.append(f"how do I {' '.join(words[1:])}?")
        else:
            asked.append(sentence.split("，")[0].replace("到", "去") + "要怎么做？")
    return asked
