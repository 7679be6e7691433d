"""The local encoder: the same everywhere, of unit length, and closer for texts that share wording."""

import hashlib
import math
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimono.providers.calls import Tally
from kimono.providers.local import LocalEncoder, fold

TEXTS = (
    "签收后 7 天内可以申请退货吗？",
    "How do I reset my VPN password?",
    "订单号 ORG-12345 的 USB-C 充电器坏了",
    "Où est la clé n° 42?",
)
# Changes only together with the version in `encoder_id`: stored vectors would no longer fit.
DIGEST = "40ba9251a67d61ed29033b90e6531ec97043508721010f3ed9bbface09610eee"
PROGRAM = (
    "import hashlib, sys; from kimono.providers.local import LocalEncoder;"
    "print(hashlib.sha256(repr(LocalEncoder().encode(sys.argv[1:])).encode()).hexdigest())"
)


def digest(vectors: list[list[float]]) -> str:
    return hashlib.sha256(repr(vectors).encode()).hexdigest()


def likeness(one: str, other: str) -> float:
    first, second = LocalEncoder().encode([one, other])
    return sum(a * b for a, b in zip(first, second, strict=True))


def test_the_vectors_are_the_ones_they_always_were() -> None:
    assert LocalEncoder().encoder_id == "local-hash-v1-384"
    assert digest(LocalEncoder().encode(TEXTS)) == DIGEST


def test_another_process_makes_the_same_vectors() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *TEXTS],
        capture_output=True,
        check=True,
        text=True,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path), "PYTHONUTF8": "1"},
    )
    assert done.stdout.strip() == DIGEST


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_every_text_has_a_unit_vector(text: str) -> None:
    (vector,) = LocalEncoder(256).encode([text])
    assert len(vector) == 256
    assert math.isclose(math.hypot(*vector), 1.0, abs_tol=1e-4)


@pytest.mark.parametrize(
    ("query", "near", "far"),
    [
        ("怎么申请退货", "退货申请的流程是什么", "门店几点开门"),
        ("运费由谁承担？", "退货运费谁来承担", "和服租赁需要押金吗"),
        ("忘记密码怎么办", "如何重置密码", "打印机卡纸怎么处理"),
        ("how can I reset my password", "resetting a forgotten password", "the printer is out of paper"),
        ("VPN does not connect", "cannot connect to the VPN from home", "order new office chairs"),
        ("when will my refund arrive", "refunds arrive within five days", "is breakfast included"),
        ("wifi 连不上", "WiFi 无法连接", "申请新的工牌"),
    ],
)
def test_a_paraphrase_is_closer_than_something_else(query: str, near: str, far: str) -> None:
    assert likeness(query, near) > likeness(query, far) + 0.1


@pytest.mark.parametrize(
    ("one", "other"),
    [("ＶＰＮ密碼", "vpn密码"), ("RESET Password", "reset password"), ("退貨運費", "退货运费")],
)
def test_width_case_and_traditional_characters_make_no_difference(one: str, other: str) -> None:
    assert likeness(one, other) == pytest.approx(1.0, abs=1e-4)
    assert fold(one) == fold(other)


def test_common_words_weigh_little() -> None:
    assert likeness("what is the price of the kimono", "what is the name of the manager") < 0.35
    assert likeness("请问你们的和服怎么样", "请问你们的邮箱怎么样") < 0.65


@pytest.mark.asyncio
@pytest.mark.parametrize("count", [1, 400])
async def test_long_lists_are_encoded_alike_in_a_thread(count: int) -> None:
    texts = [f"text number {number}" for number in range(count)]
    encoder = LocalEncoder()
    assert await encoder.embed(texts, kind="passage", tally=Tally()) == encoder.encode(texts)
