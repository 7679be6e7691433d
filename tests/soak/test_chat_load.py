"""Minutes of conversations: nothing is lost, nothing leaks to the other merchant, and memory stays where it is."""

import random
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kimono.lib import db
from kimono.providers.standin.server import Standin
from tests.fixtures.servers import Process, Servers
from tests.journeys.calling import ask, meanwhile, messages, streamed, watching
from tests.soak.conftest import minutes

CANARIES = {"alpha": "甲店暗号青竹", "beta": "乙店暗号红梅"}
QUESTIONS = ("怎么退货？", "清洗怎么收费？", "火星上有分店吗？", "你好")
TALKERS = 6
GROWTH = 1.10
# Turns are kept for ten minutes so that streams can be taken up again: until then memory must grow.
SETTLED_MINUTES = 15.0


def resident_mb(process: Process) -> float:
    """Return the resident memory of a process in MB."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def fill(tenant: Any, canary: str) -> None:
    from tests.knowledge.filling import add_document, add_pair

    with db.tenant_scope(tenant):
        add_pair("怎么退货？", f"七天内可以退货。{canary}。")
        add_document("cleaning.md", f"和服清洗收费一百二十元，{canary}，三个工作日后可取。", title="清洗收费")


class Talker:
    """A contact who talks in one conversation after the other."""

    def __init__(self, own: Servers, key: str, name: str, seed: int) -> None:
        self.own, self.key, self.name = own, key, name
        self.chance = random.Random(seed)
        self.turns = 0

    def talk(self, until: float) -> None:
        """Talk until the time is over."""
        while time.monotonic() < until:
            self._converse()

    def _converse(self) -> None:
        with self.own.client(key=self.key) as client:
            session_id = f"soak_{uuid.uuid4().hex[:20]}"
            for _ in range(self.chance.randint(1, 5)):
                question = self.chance.choice(QUESTIONS)
                way = self.chance.choice([ask, streamed])
                self._check(str(way(client, question, session_id, client_message_id=uuid.uuid4().hex)))
                self.turns += 1
                time.sleep(self.chance.uniform(0.1, 0.6))
            with watching(client, session_id) as events:
                missed = events.until("ready")[:-1]
            # A third refusal brings in a person: that is an event between the messages.
            assert [event.id for event in missed] == [str(seq) for seq in range(1, len(missed) + 1)]
            stored = messages(client, session_id, limit=200)
            assert [str(each["seq"]) for each in stored] == [
                event.id for event in missed if event.name == "message"
            ]
            self._check(str(stored))

    def _check(self, seen: str) -> None:
        assert not [canary for name, canary in CANARIES.items() if name != self.name and canary in seen]


@pytest.mark.soak
def test_minutes_of_conversations_lose_nothing_and_leave_nothing(
    web: Callable[..., Servers], alpha: Any, beta: Any, model: Standin, new_key: Callable[..., str]
) -> None:
    own = web(KIMONO_CHAT_BASE_URL=model.base_url, KIMONO_CHAT_MODEL="standin")
    talkers = []
    for number in range(TALKERS):
        tenant = (alpha, beta)[number % 2]
        if number < 2:
            fill(tenant, CANARIES[tenant.slug])
        talkers.append(Talker(own, new_key(tenant), tenant.slug, number))
    began, lasts = time.monotonic(), minutes(SETTLED_MINUTES) * 60
    samples: list[float] = []
    with meanwhile([lambda one=talker: one.talk(began + lasts) for talker in talkers]):
        while time.monotonic() < began + lasts:
            time.sleep(lasts / 30)
            samples.append(resident_mb(own.web))
            model.state.clear()
    turns = sum(talker.turns for talker in talkers)
    settled = samples[len(samples) * 2 // 3]
    sys.__stdout__.write(  # type: ignore[union-attr]
        f"\n{turns} turns in {lasts / 60:g} min; memory {samples[0]:.0f} → {settled:.0f} → {samples[-1]:.0f} MB\n"
    )
    assert turns > lasts / 10
    assert "Traceback" not in own.web.log
    if lasts >= SETTLED_MINUTES * 60:
        assert samples[-1] <= settled * GROWTH, samples
