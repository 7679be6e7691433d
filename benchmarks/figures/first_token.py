"""From the model's first token to the client's, with many streams open, against a bare relay."""

import asyncio
import json
import pickle
import statistics
import sys
import urllib.request
from dataclasses import dataclass

from benchmarks import stage as stages
from benchmarks.plans import StreamTask
from benchmarks.report import Row
from benchmarks.stage import Failed, Stage
from benchmarks.streaming import Heard, listen, most_open

STREAMS = 50
SPREAD_SECONDS = 10.0
TOKEN_SECONDS = 0.02
MOST_MS = 50.0
_OPENING = "我是第{}位顾客，"


def measure(stage: Stage) -> list[Row]:
    """Ask with many streams open, of the product with the stand-in behind it, then of the relay with the same prompts."""
    streams = 15 if stage.quick else STREAMS
    task_file, plan_file = stage.plans / "stream.task", stage.plans / "stream.plan"
    task_file.write_bytes(pickle.dumps(StreamTask()))
    stages.run(stage, [sys.executable, "-m", "benchmarks.plans", str(task_file), str(plan_file)])
    plan = pickle.loads(plan_file.read_bytes())
    pace = {"BENCH_TOKEN_DELAY": str(TOKEN_SECONDS)}
    with stages.bare(stage, "bare-model", "benchmarks.floors.model:app", environment=pace) as model_port:
        model = f"http://127.0.0.1:{model_port}/v1"
        asked = [_OPENING.format(number) + plan.question for number in range(1, streams + 1)]
        headers = {"X-API-Key": plan.key}
        bodies = [json.dumps({"message": question}).encode() for question in asked]
        with stages.web(stage, environment=_with_model(model)) as port:
            warm = [json.dumps({"message": f"{plan.question}{n}"}).encode() for n in range(4)]
            asyncio.run(_open_all(port, "/api/v1/chat/stream", warm, headers, spread=0.2))
            ours = asyncio.run(_open_all(port, "/api/v1/chat/stream", bodies, headers))
        answered = [_of(question, _streamed(model_port)) for question in asked]
        prompts = [each.sent.encode() for each in answered]
        relay = stages.bare(
            stage, "bare-relay", "benchmarks.floors.relay:app", environment={"BENCH_MODEL": model}
        )
        with relay as relay_port:
            asyncio.run(_open_all(relay_port, "/", prompts[:4], {}, spread=0.2))
            relayed = asyncio.run(_open_all(relay_port, "/", prompts, {}))
        again = [_of(question, _streamed(model_port)) for question in asked]
    mine = _delays(ours, answered)
    bare = _delays(relayed, again, characters=mine.characters)
    return _rows(mine, bare, ours, [text for _, text in answered[0].writes[:4]])


def _with_model(address: str) -> dict[str, str]:
    return {"KIMONO_CHAT_BASE_URL": address, "KIMONO_CHAT_MODEL": "standin"}


async def _open_all(
    port: int, path: str, bodies: list[bytes], headers: dict[str, str], *, spread: float = SPREAD_SECONDS
) -> list[Heard]:
    """Open a stream for each body, their starts spread evenly, and read all of them to their ends."""

    async def one(number: int, body: bytes) -> Heard:
        await asyncio.sleep(spread * number / len(bodies))
        return await listen(port, path, body, headers)

    return list(await asyncio.gather(*(one(*each) for each in enumerate(bodies))))


@dataclass(frozen=True)
class _Write:
    """An answer that the model streamed: the request that asked for it, and when each piece was written."""

    sent: str
    writes: list[tuple[float, str]]

    def at(self, characters: int) -> float | None:
        """Return when the piece was written that completes so many characters."""
        return Heard(pieces=self.writes).at(characters)


def _streamed(port: int) -> list[_Write]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/__writes", timeout=30) as answer:
        noted = json.load(answer)
    return [
        _Write(note["sent"], [(at, text) for at, text in note["writes"]]) for note in noted if note["writes"]
    ]


def _of(question: str, streamed: list[_Write]) -> _Write:
    found = [each for each in streamed if question in json.loads(each.sent)["messages"][-1]["content"]]
    if not found:
        raise Failed(f"the model was not asked for an answer to {question!r}")
    return found[-1]


@dataclass(frozen=True)
class _Delays:
    """Milliseconds from the model's first piece, and from the piece that completes what is shown first, to the client."""

    from_first: list[float]
    from_shown: list[float]
    characters: int


def _delays(heard: list[Heard], written: list[_Write], *, characters: int | None = None) -> _Delays:
    """Compare what clients read with what the model wrote for them.

    `characters` is how long the text is that is shown first; by default the first piece that each client read.
    """
    from_first, from_shown, lengths = [], [], []
    for stream, model in zip(heard, written, strict=True):
        length = characters or len(stream.pieces[0][1])
        read, completed = stream.at(length), model.at(length)
        if read is None or completed is None:
            raise Failed(f"a stream broke off: {stream.pieces[:3]}")
        # The relay's first piece is the model's; ours is held back until it is known to be supported.
        first = stream.pieces[0][0]
        from_first.append((first - model.writes[0][0]) * 1000)
        from_shown.append((read - completed) * 1000)
        lengths.append(length)
    return _Delays(from_first, from_shown, round(statistics.median(lengths)))


def _rows(mine: _Delays, bare: _Delays, streams: list[Heard], pieces: list[str]) -> list[Row]:
    how = (
        f"{len(streams)} streams, starts spread over {SPREAD_SECONDS:g} s, {most_open(streams)} open at the same time;"
        f" the stand-in writes a piece of one or two characters every {TOKEN_SECONDS * 1000:g} ms ({pieces})."
    )
    late = statistics.quantiles(mine.from_first, n=20)[-1]
    return [
        Row(
            "first token, from the model's first",
            statistics.median(mine.from_first),
            "ms",
            statistics.median(bare.from_first),
            measure="difference",
            limit=MOST_MS,
            note=f"{how} Floor: a bare relay with the same prompts. Ours at the 95th percentile {late:.0f} ms. It contains"
            f" the time in which the model writes the first {mine.characters} characters: nothing is shown before it is"
            " known to be supported.",
        ),
        Row(
            "first token, from the one that completes it",
            statistics.median(mine.from_shown),
            "ms",
            statistics.median(bare.from_shown),
            measure="difference",
            limit=MOST_MS,
            note=f"the same streams, counted from where the model has written the {mine.characters} characters that are"
            " shown first.",
        ),
    ]
