"""A client that comes back: it is told what it missed of each stream, then that this was all, then what is new."""

import asyncio
from collections.abc import Callable, Mapping

from conversations.consumers.closings import internal
from conversations.consumers.watched import Frame
from conversations.services.watching import Resumption

_SECONDS = 60.0


async def resumed(
    wishes: Mapping[str, Resumption], *, frame: Frame, id: str | None, told: Callable[[str, int], None]
) -> None:
    """Wait until every stream has told what came after its number, say so, and let the streams go on.

    `told` is called with each stream's last number. Raises `Closing` when it takes too long.
    """
    try:
        async with asyncio.timeout(_SECONDS):
            reached = {name: await each.caught_up for name, each in wishes.items()}
    except TimeoutError:
        raise internal() from None
    for name, (last_seq, _) in reached.items():
        told(name, last_seq)
    await frame(
        "resumed",
        id=id,
        streams={name: last_seq for name, (last_seq, _) in reached.items()},
        count=sum(count for _, count in reached.values()),
    )
    for each in wishes.values():
        each.go_on.set()
