"""What pictures of a document show, by the vision model where there is one, within a budget."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from asgiref.sync import async_to_sync

from kimono import providers
from kimono.lib.db import current_schema
from kimono.lib.jobs import JobRun
from kimono.lib.threads import in_thread
from kimono.providers.parsing import Media, Parsed
from knowledge.services import prompts

log = logging.getLogger(__name__)
PROMPT = ("describe_image", "v1")
# Of one document; what is beyond keeps what its file says of it.
MOST_PICTURES = 20
TOTAL_SECONDS = 60.0
_SECONDS = 20.0
_AT_ONCE = 4
_MOST_BYTES = 4 << 20
_LONGEST = 400
_TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
_LANGUAGES = {"zh": "Chinese", "en": "English", "ja": "Japanese"}


def described(parsed: Parsed, *, run: JobRun) -> Parsed:
    """Return the document with what a vision model says of its pictures, after what the file itself says of them.

    Pictures of which nothing is known come first. Without a vision model, and for pictures that it fails at, that are
    beyond the budget or too large, the document stays as it is. Raises `JobStopped`.
    """
    chosen = _chosen(parsed.media) if providers.current().vision is not None else []
    if not chosen:
        return parsed
    run.check()
    said = async_to_sync(_asked)(chosen, parsed.language, run.job_id)
    return replace(
        parsed,
        media=tuple(
            replace(item, caption=_joined(item.caption, said.get(item.name))) for item in parsed.media
        ),
        blocks=tuple(
            replace(block, text=_joined(block.text, said.get(block.media)))
            if block.kind == "image" and block.media
            else block
            for block in parsed.blocks
        ),
    )


def _chosen(media: Sequence[Media]) -> list[Media]:
    fit = [item for item in media if item.path and item.mime in _TYPES and item.size_bytes <= _MOST_BYTES]
    return sorted(fit, key=lambda item: bool(item.caption))[:MOST_PICTURES]


async def _asked(chosen: Sequence[Media], language: str, ref: str) -> Mapping[str, str]:
    """Return what is said of pictures by name; after a failure nothing more is asked."""
    until = asyncio.get_running_loop().time() + TOTAL_SECONDS
    said: dict[str, str] = {}
    try:
        for start in range(0, len(chosen), _AT_ONCE):
            seconds = min(_SECONDS, until - asyncio.get_running_loop().time())
            if seconds <= 0:
                break
            batch = chosen[start : start + _AT_ONCE]
            answers = await asyncio.gather(
                *(_one(item, language, ref, seconds) for item in batch), return_exceptions=True
            )
            failed = [answer for answer in answers if isinstance(answer, BaseException)]
            said |= {
                item.name: answer
                for item, answer in zip(batch, answers, strict=True)
                if isinstance(answer, str) and answer
            }
            for error in failed:
                if not isinstance(error, providers.ProviderError):
                    raise error
            if failed:
                log.warning(
                    "the vision model failed; pictures keep what their file says of them: %s", failed[0]
                )
                break
    finally:
        # The loop of this call ends with it, and its connections with the loop.
        await providers.close_clients()
    return said


async def _one(item: Media, language: str, ref: str, seconds: float) -> str:
    known = f" What the document says of it: {item.caption[:_LONGEST]}" if item.caption else ""
    prompt = prompts.filled(
        *PROMPT, language=_LANGUAGES.get(language, "the language of the document"), known=known
    )
    picture = providers.Picture(item.mime, await in_thread(Path(item.path or "").read_bytes))
    result = await providers.describe_image(
        prompt, picture, purpose="caption", ref=ref, scope=current_schema(), deadline_seconds=seconds
    )
    return " ".join(result.text.split())[:_LONGEST]


def _joined(known: str, said: str | None) -> str:
    if not said or said in known:
        return known
    return f"{known}\n{said}".strip()
