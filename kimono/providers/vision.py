"""Asking the vision model what a picture shows."""

from dataclasses import replace

from kimono.providers.calls import Tally, Work, call
from kimono.providers.completion import CHARACTERS_PER_TOKEN, result_of
from kimono.providers.errors import NotConfigured
from kimono.providers.models import Ask, Picture
from kimono.providers.registry import current
from kimono.providers.shapes import ChatResult, Message, Prompt

OPERATION = "vision"
BREAKER = "vision"
TEMPERATURE = 0.1
DEFAULT_MAX_TOKENS = 200


async def describe_image(
    prompt: Prompt,
    picture: Picture,
    *,
    purpose: str,
    ref: str,
    scope: str,
    deadline_seconds: float,
    max_tokens: int = DEFAULT_MAX_TOKENS,
) -> ChatResult:
    """Return the model's answer to a prompt about a picture, which goes along with the prompt's last message.

    Raises ProviderError: NotConfigured without a vision model, and the other kinds of `errors`.
    """
    model = current().vision
    if model is None:
        raise NotConfigured("no vision model is configured")
    ask = Ask(
        messages=prompt.messages,
        model=model.model,
        temperature=TEMPERATURE,
        max_tokens=max_tokens,
        max_characters=max_tokens * CHARACTERS_PER_TOKEN,
        picture=picture,
    )

    async def attempt(tally: Tally) -> ChatResult:
        return result_of(model, await model.complete(ask, tally), None, tally)

    return await call(
        purpose,
        ref,
        work=Work(
            provider=model.provider,
            model=model.model,
            operation=OPERATION,
            breaker=BREAKER,
            prompt_name=prompt.name,
            prompt_version=prompt.version,
            attempts=current().config.patience.attempts,
        ),
        scope=scope,
        deadline_seconds=deadline_seconds,
        attempt=attempt,
        input_text="\n".join(message.content for message in prompt.messages),
        messages=_with_note(prompt, picture),
    )


def _with_note(prompt: Prompt, picture: Picture) -> tuple[Message, ...]:
    """Return the messages as they are exported: the picture by its kind and size, for it cannot be masked."""
    *before, last = prompt.messages
    note = f"[{picture.mime}, {len(picture.data)} bytes]"
    return (*before, replace(last, content=f"{last.content}\n{note}"))
