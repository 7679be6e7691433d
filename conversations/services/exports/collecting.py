"""From rows to papers: what of a message or a conversation goes into a file."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from conversations.models import Conversation, Message
from conversations.services import zones
from conversations.services.exports import media
from conversations.services.exports.formulas import plain
from conversations.services.exports.markup import formulas_in, tables_of
from conversations.services.exports.shapes import Entry, Paper, Reference, Side
from kimono.lib.cleaning import clean, detect_language
from kimono.lib.db import current_tenant

_ROW = re.compile(r"^[ \t]*\|(.+)\|[ \t]*$")
_SIDES: Mapping[str, Side] = {
    Message.Author.VISITOR: "contact",
    Message.Author.BOT: "bot",
    Message.Author.AGENT: "agent",
    Message.Author.SYSTEM: "system",
}


def answer(message: Message, question: Message | None, *, now: datetime) -> Paper:
    """Return one answer with the question it answers."""
    language = language_of(message.conversation, message.content)
    with override(_locale(language)):
        entries = [] if question is None else [entry(question, heading=_("Question"))]
        entries.append(entry(message, heading=_("Answer")))
        facts = [(_("Answered by"), _author(message)), (_("Time"), _moment(message.created_at))]
        title = " ".join(clean(question.content).split()) if question is not None else _("Answer")
        return Paper(
            kind="answer",
            title=title,
            merchant=current_tenant().name,
            language=language,
            facts=tuple(facts),
            entries=tuple(entries),
            foot=_foot(now),
        )


def conversation(row: Conversation, messages: Sequence[Message], *, now: datetime) -> Paper:
    """Return a whole conversation."""
    written = next((each.content for each in messages if each.author != Message.Author.SYSTEM), "")
    language = language_of(row, written)
    with override(_locale(language)):
        facts = [
            (_("Conversation"), row.public_id),
            (_("Begun"), _moment(row.created_at)),
            (_("Last activity"), _moment(row.last_activity_at)),
            (_("State"), row.get_state_display()),
            (_("Messages"), str(len(messages))),
        ]
        return Paper(
            kind="conversation",
            title=_("Conversation record"),
            merchant=current_tenant().name,
            language=language,
            facts=tuple(facts),
            entries=tuple(entry(each, heading=_author(each)) for each in messages),
            foot=_foot(now),
        )


def entry(message: Message, *, heading: str) -> Entry:
    """Return a message as it is shown to whoever may see it: without scores, ids or votes."""
    side = _SIDES[message.author]
    return Entry(
        heading=heading,
        side=side,
        at=_moment(message.created_at),
        content=clean(message.content).strip(),
        # A contact's words are no markup: what looks like it was typed.
        marked_up=side in ("bot", "agent"),
        references=tuple(
            _reference(each, message.attachments)
            for each in sorted(message.citations, key=lambda each: each["n"])
        ),
        media=media.of_message(message.citations, message.attachments),
    )


def language_of(row: Conversation, text: str) -> Any:
    """Return the language of a file's own words: the conversation's, else that of what was said."""
    spoken = row.language or detect_language(text)
    return "en" if spoken == "en" else "zh"


def _locale(language: str) -> str:
    return "en" if language == "en" else "zh-hans"


def _reference(citation: Mapping[str, Any], attachments: Sequence[Mapping[str, Any]]) -> Reference:
    page = citation.get("page")
    around, tables = tables_of(clean(str(citation.get("quote") or "")))
    parts = [
        citation.get("title") or citation.get("source") or _("Untitled"),
        citation.get("section"),
        _("page %(number)s") % {"number": page} if isinstance(page, int) else None,
        *media.numbers_of(citation, attachments),
        # A table that is the whole quote stands under the references.
        _("see the table below") if tables and not around else None,
    ]
    return Reference(
        n=int(citation["n"]),
        parts=tuple(" ".join(clean(str(part)).split()) for part in parts if part),
        quote=_readable(around),
    )


def _readable(quote: str) -> str:
    """Return a quote on one line with its formulas in Unicode."""
    quote = "\n".join(_ROW.sub(_cells, line) for line in quote.split("\n"))
    pieces = [words if kind == "text" else plain(words) for kind, words in formulas_in(quote)]
    return " ".join("".join(pieces).split())


def _cells(row: re.Match[str]) -> str:
    """Return a row that was cited without the head of its table, as words between bars."""
    return " | ".join(cell.strip() for cell in row[1].split("|"))


def _author(message: Message) -> str:
    if message.author == Message.Author.AGENT and message.agent_name:
        return clean(message.agent_name)
    return str(message.get_author_display())


def _moment(value: datetime) -> str:
    local = timezone.localtime(value, zones.merchants_zone())
    return f"{local:%Y-%m-%d %H:%M}"


def _foot(now: datetime) -> str:
    return _("Exported on %(moment)s") % {"moment": _moment(now)}
