"""Every adapter is held to its Protocol: same signatures, same results for the same question."""

import asyncio
import inspect
import subprocess
import sys
from collections.abc import Callable

import pytest
from django.utils.module_loading import import_string

from kimono.providers import Prompt, ProvidersConfig, chat, install, stream_chat
from kimono.providers.calls import Tally
from kimono.providers.config import ChatEndpoint, ConfigError, EmbeddingEndpoint, Patience
from kimono.providers.errors import NotConfigured
from kimono.providers.local import LocalEncoder
from kimono.providers.models import Ask, ChatModel, Embedder, Reranker
from kimono.providers.openai_compatible.chat import OpenAIChat
from kimono.providers.openai_compatible.clients import _clients, client_for, close_clients
from kimono.providers.openai_compatible.embeddings import OpenAIEmbedder
from kimono.providers.openai_compatible.reranking import OpenAIReranker
from kimono.providers.registry import CHAT_ADAPTERS, EMBEDDING_ADAPTERS, RERANK_ADAPTERS, build
from kimono.providers.sentence_encoder import SentenceEncoder
from kimono.providers.standin.adapters import StandinChat, StandinEmbedder, StandinReranker
from kimono.providers.standin.server import Standin

MEMBERS: dict[type, tuple[str, ...]] = {
    ChatModel: ("provider", "model", "small_model", "complete", "stream"),
    Embedder: ("provider", "model", "encoder_id", "dimensions", "batch", "in_process", "embed"),
    Reranker: ("provider", "model", "rerank"),
}
ADAPTERS: tuple[tuple[type, type], ...] = (
    *((ChatModel, adapter) for adapter in (OpenAIChat, StandinChat)),
    *((Embedder, adapter) for adapter in (OpenAIEmbedder, LocalEncoder, SentenceEncoder, StandinEmbedder)),
    *((Reranker, adapter) for adapter in (OpenAIReranker, StandinReranker)),
)
PATIENCE = Patience(5.0, 5.0, 1)


def signature(owner: type, name: str) -> object:
    member = inspect.getattr_static(owner, name)
    if isinstance(member, property):
        assert member.fget is not None
        return "property", inspect.signature(member.fget).return_annotation
    return inspect.iscoroutinefunction(member), inspect.signature(member)


def test_the_members_are_all_of_the_protocol() -> None:
    for protocol, members in MEMBERS.items():
        assert {name for name in vars(protocol) if not name.startswith("_")} == set(members)


@pytest.mark.parametrize(("protocol", "adapter"), ADAPTERS, ids=lambda owner: owner.__name__)
def test_an_adapter_has_the_signatures_of_its_protocol(protocol: type, adapter: type) -> None:
    for name in MEMBERS[protocol]:
        assert signature(adapter, name) == signature(protocol, name), name


def test_every_registered_adapter_is_held_to_its_protocol() -> None:
    held = {adapter for _, adapter in ADAPTERS}
    registered = {*CHAT_ADAPTERS.values(), *EMBEDDING_ADAPTERS.values(), *RERANK_ADAPTERS.values()}
    assert set(map(import_string, registered)) <= held


def test_who_has_configured_no_model_waits_for_no_sdk_at_the_start() -> None:
    code = "import sys, django; django.setup(); print([n for n in ('openai', 'phonenumbers') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.asyncio
async def test_chat_adapters_give_the_same_answers(standin: Standin, prompt: Prompt) -> None:
    over_the_wire = OpenAIChat(ChatEndpoint("local", standin.base_url, "standin"), PATIENCE)
    in_process = StandinChat(ChatEndpoint("local", "standin:", "standin"), PATIENCE)
    assert over_the_wire.small_model == in_process.small_model == "standin"
    schema = {"type": "object", "properties": {"question": {"type": "string"}}, "required": ["question"]}
    for wanted in (None, schema):
        ask = Ask(prompt.messages, "standin", 0.2, 200, 2000, wanted)
        answers = [await whole_and_streamed(model, ask) for model in (over_the_wire, in_process)]
        assert answers[0] == answers[1]


async def whole_and_streamed(model: ChatModel, ask: Ask) -> list[object]:
    whole, streamed = Tally(), Tally()
    first = await model.complete(ask, whole)
    pieces: list[str] = []
    second = await model.stream(ask, streamed, pieces.append)
    assert "".join(pieces) == second.text == first.text
    assert streamed.first_token_ms is not None and whole.first_token_ms is not None
    return [first, second, pieces, whole.usage, streamed.usage]


@pytest.mark.asyncio
async def test_embedding_adapters_give_the_same_vectors(standin: Standin) -> None:
    over_the_wire = OpenAIEmbedder(
        EmbeddingEndpoint("local", standin.base_url, "standin-embed", dimensions=384), PATIENCE
    )
    in_process = StandinEmbedder(
        EmbeddingEndpoint("local", "standin:", "standin-embed", dimensions=384), PATIENCE
    )
    texts = ["运费谁承担", "reset password", ""]
    tallies = Tally(), Tally()
    first = await over_the_wire.embed(texts, kind="query", tally=tallies[0])
    second = await in_process.embed(texts, kind="query", tally=tallies[1])
    assert first == second == LocalEncoder().encode(texts)
    assert over_the_wire.encoder_id == in_process.encoder_id
    assert tallies[0].usage == tallies[1].usage is not None


@pytest.mark.asyncio
async def test_the_built_in_model_answers_without_any_server(standin: Standin, prompt: Prompt) -> None:
    install(ProvidersConfig(chat=ChatEndpoint("standin", "standin:", "standin")))
    answer = await chat(prompt, purpose="answer", ref="t", scope="a", deadline_seconds=5)
    assert answer.text == "Returns are accepted within 14 days of delivery.[2]"
    assert standin.log() == []


@pytest.mark.asyncio
@pytest.mark.parametrize("ask", [chat, stream_chat])
async def test_without_a_chat_model_there_is_no_answer(
    ask: Callable[..., object], standin: Standin, prompt: Prompt
) -> None:
    install(ProvidersConfig())
    with pytest.raises(NotConfigured):
        result = ask(prompt, purpose="answer", ref="t", scope="a", deadline_seconds=5)
        if inspect.isawaitable(result):
            await result


def test_an_address_nobody_serves_is_refused() -> None:
    with pytest.raises(ConfigError, match="gopher"):
        build(ProvidersConfig(chat=ChatEndpoint("x", "gopher://h", "m")))


def test_each_loop_has_one_client_and_closed_loops_are_forgotten() -> None:
    endpoint = ChatEndpoint("x", "http://127.0.0.1:1/v1", "m")

    async def clients() -> tuple[int, int]:
        return id(client_for(endpoint, PATIENCE)), id(client_for(endpoint, PATIENCE))

    async def last() -> int:
        first, second = await clients()
        assert first == second
        count = len(_clients)
        await close_clients()
        return count

    asyncio.run(clients())
    assert asyncio.run(last()) == 1
    assert not any(loop.is_closed() for loop in _clients)


def test_a_client_neither_retries_nor_waits_for_minutes() -> None:
    async def client() -> tuple[int, object]:
        made = client_for(ChatEndpoint("x", "http://127.0.0.1:1/v1", "m"), Patience(2.0, 3.0, 1))
        await close_clients()
        return made.max_retries, made.timeout

    retries, timeout = asyncio.run(client())
    assert retries == 0
    assert (getattr(timeout, "connect", None), getattr(timeout, "read", None)) == (2.0, 3.0)
