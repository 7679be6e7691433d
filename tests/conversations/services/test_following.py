"""Followers of one process share what they read: those rung together, and those who look by themselves."""

import asyncio
from typing import Any

import pytest

from conversations.services import doorbell, overdue, reading_together, timeline
from kimono.lib import db
from tenants.models import Tenant

TENANT = Tenant(schema_name="t_0123456789ab")


async def at_once(function: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Run a function as `in_thread` does, here."""
    await asyncio.sleep(0)
    return function(*args, **kwargs)


def test_who_is_rung_together_reads_together_and_who_comes_later_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[int] = []

    def since(**asked: Any) -> list[Any]:
        read.append(asked["seq"])
        return [len(read)]

    monkeypatch.setattr(timeline, "since", since)
    monkeypatch.setattr(reading_together, "in_thread", at_once)

    async def story() -> list[Any]:
        async def ask(group: str, seq: int) -> Any:
            return await reading_together.since(group=group, conversation_pk=1, public_id="sess-1", seq=seq)

        async def leave() -> None:
            await asyncio.wait_for(ask("a", 5), 0)

        asked = [ask("a", 5), leave(), ask("a", 5)]
        first, _, second = await asyncio.gather(*asked, return_exceptions=True)
        others = await asyncio.gather(ask("b", 5), ask("a", 6))
        late = asyncio.create_task(ask("a", 7))
        for _ in range(4):
            await asyncio.sleep(0)
        # That reading has begun: what was committed since then is in the next one alone.
        return [first, second, *others, await ask("a", 7), await late]

    told: list[Any] = asyncio.run(story())
    first, second, other, further, later, early = told
    assert first == second
    assert len({str(each) for each in (first, other, further, later, early)}) == 5
    assert read == [5, 5, 6, 7, 7]


def test_who_has_missed_a_ring_is_woken_with_one_look_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[set[int]] = []

    def last_seqs(keys: Any) -> dict[int, int]:
        looks.append(set(keys))
        return {1: 4, 2: 9}

    monkeypatch.setattr(overdue, "_GATHER_SECONDS", 0.01)
    monkeypatch.setattr(overdue, "_last_seqs", last_seqs)
    monkeypatch.setattr(overdue, "in_thread", at_once)

    async def story() -> list[bool]:
        bells = [doorbell.Listener(near_only=False) for _ in range(4)]
        with db.tenant_scope(TENANT):
            for bell, (key, seq) in zip(bells, [(1, 4), (1, 3), (2, 9), (3, 1)], strict=True):
                overdue.ask(conversation_pk=key, seq=seq, bell=bell)
            return [await bell.wait(0.2) for bell in bells]

    assert asyncio.run(story()) == [False, True, False, False]
    assert looks == [{1, 2, 3}]
