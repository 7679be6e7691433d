"""The values that go in and out of provider calls."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Role = Literal["system", "user", "assistant"]
TextKind = Literal["query", "passage"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A filled prompt with the name and version it is recorded under. Raises ValueError without either."""

    name: str
    version: str
    messages: tuple[Message, ...]

    def __post_init__(self) -> None:
        if not self.name or not self.version:
            raise ValueError("a prompt needs a name and a version")


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One attempt, for the usage table.

    `operation` is chat, embedding, rerank or vision and decides the price; `booked_as` is what it is booked under where
    that is something else (see `booked`). `ref` an opaque turn or job id. Times are in milliseconds,
    `started_at` in UTC. `error_code` is None only for a success; `cancelled` means that our side stopped the
    call. `tokens_estimated` is true when the provider reported no usage and the counts were derived from texts.
    """

    provider: str
    model: str
    operation: str
    purpose: str
    ref: str
    prompt_name: str
    prompt_version: str
    tokens_input: int
    tokens_output: int
    latency_ms: int
    first_token_ms: int | None
    success: bool
    error_code: str | None
    cancelled: bool
    started_at: datetime
    tokens_estimated: bool = False
    booked_as: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The meter's "no", with its reason: "budget", "suspended" and the like."""

    reason: str


@dataclass(frozen=True, slots=True)
class ChatResult:
    """A finished answer.

    `data` is the validated JSON value when a schema was asked for, else None. Token counts are those of the
    attempt that succeeded; see `CallRecord` for `tokens_estimated`.
    """

    text: str
    data: object | None
    model: str
    provider: str
    tokens_input: int
    tokens_output: int
    tokens_estimated: bool
    latency_ms: int
    first_token_ms: int | None


@dataclass(frozen=True, slots=True)
class Embedded:
    """Unit or model vectors, one per text, and which encoder made all of them.

    `mode` is "model" for a configured embedding model and "fallback" for the local encoder. `error_code` says
    why a configured model was not used; it is None when none is configured.
    """

    vectors: list[list[float]]
    encoder_id: str
    mode: Literal["model", "fallback"]
    error_code: str | None = None

    @property
    def degraded(self) -> bool:
        """Tell whether a configured model failed and the local encoder stood in."""
        return self.error_code is not None
