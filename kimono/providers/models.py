"""What a chat model and an embedder are, whoever serves them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from kimono.providers.calls import Tally
from kimono.providers.shapes import Message, TextKind

Schema = Mapping[str, object]
Emit = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Picture:
    """The bytes of a picture as its file has them, with their media type."""

    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to a chat model.

    `schema` asks for JSON that is valid against it; `max_characters` bounds what is read, should the server not
    respect `max_tokens`. A `picture` goes along with the last message.
    """

    messages: tuple[Message, ...]
    model: str
    temperature: float
    max_tokens: int
    max_characters: int
    schema: Schema | None = None
    schema_name: str = "answer"
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """A text that ended properly, and the model that says it wrote it."""

    text: str
    model: str


class ChatModel(Protocol):
    """Answers prompts. Both methods tally what they use and raise nothing but ProviderError."""

    @property
    def provider(self) -> str:
        """The name calls are recorded and priced under."""

    @property
    def model(self) -> str:
        """The model used when none is named."""

    @property
    def small_model(self) -> str:
        """The model for light work; the same as `model` when there is only one."""

    async def complete(self, ask: Ask, tally: Tally) -> Completion:
        """Answer in one piece."""

    async def stream(self, ask: Ask, tally: Tally, emit: Emit) -> Completion:
        """Answer piece by piece through `emit`; what was emitted joins to the text that is returned."""


class Reranker(Protocol):
    """Reads a question and a text together."""

    @property
    def provider(self) -> str:
        """The name calls are recorded and priced under."""

    @property
    def model(self) -> str:
        """The model's name in usage records."""

    async def rerank(self, query: str, texts: Sequence[str], tally: Tally) -> list[float]:
        """Return how well each text answers, 0 to 1, in their order. Raises nothing but ProviderError."""


class Embedder(Protocol):
    """Turns texts into vectors. `encoder_id` names the space: only vectors of one id may be compared."""

    @property
    def provider(self) -> str:
        """The name calls are recorded and priced under."""

    @property
    def model(self) -> str:
        """The model's name in usage records."""

    @property
    def encoder_id(self) -> str:
        """The name of the vector space, with its dimensions."""

    @property
    def dimensions(self) -> int:
        """The length of every vector."""

    @property
    def batch(self) -> int | None:
        """The most texts per `embed`, None when there is no limit."""

    @property
    def in_process(self) -> bool:
        """Whether it works in this process: at no cost, and without asking the meter."""

    async def embed(self, texts: Sequence[str], *, kind: TextKind, tally: Tally) -> list[list[float]]:
        """Return one vector per text, in order. Raises nothing but ProviderError."""
