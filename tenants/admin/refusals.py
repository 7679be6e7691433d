"""Refusals in the language of the page: services refuse in the words of the wire contract, which are English."""

from collections.abc import Mapping

from django.utils.translation import gettext, gettext_noop

from kimono.lib.errors import Invalid, Refusal

# Texts that name a state or a number are told by their code.
_BY_CODE = {
    "not_found": gettext_noop("This does not exist any more. Reload the page."),
    "duplicate_name": gettext_noop("This name is taken."),
    "limit_reached": gettext_noop("No more of these can be made."),
    "quota_exceeded": gettext_noop("The limit of what can be stored is reached."),
    "invalid_state": gettext_noop("This is not possible in the present state."),
    "last_admin": gettext_noop("This is the last admin. Make another one first."),
    "cannot_disable_self": gettext_noop("You cannot disable yourself."),
    "unsupported_media_type": gettext_noop("A file of this kind cannot be read."),
    "unreadable_file": gettext_noop(
        "The file cannot be read: it is empty, damaged or locked with a password."
    ),
    "payload_too_large": gettext_noop("The file is too large."),
    "maintenance": gettext_noop("We are doing maintenance. Please try again in a few minutes."),
}
# Word for word as the services write them.
SENTENCES = (
    gettext_noop("This name is reserved."),
    gettext_noop("Unknown role"),
    gettext_noop("must not be empty"),
    gettext_noop("must stay inside the knowledge folder"),
    gettext_noop("must be later than valid_from"),
    gettext_noop("there is no such agent"),
    gettext_noop("there is no such group"),
    gettext_noop("there is nothing to make a test set from"),
    gettext_noop("there is no answer to draw from"),
    gettext_noop("retrieve, handoff or tool:<connector>.<tool>"),
)


def said(refusal: Refusal) -> str:
    """Return a refusal as a sentence for the person at the page."""
    return " ".join(said_each(refusal))


def said_each(refusal: Refusal) -> list[str]:
    """Return what a refusal says, a sentence for each fault."""
    if isinstance(refusal, Invalid) and refusal.words:
        return [gettext(text) % _translated(values) for text, values in refusal.words]
    if refusal.code in _BY_CODE:
        return [gettext(_BY_CODE[refusal.code])]
    if isinstance(refusal.detail, str):
        return [gettext(refusal.detail)]
    return [gettext(str(fault["msg"])) for fault in refusal.detail]


def _translated(values: Mapping[str, object]) -> dict[str, object]:
    # An empty text has a translation: the head of the catalogue.
    return {
        name: gettext(value) if isinstance(value, str) and value else value for name, value in values.items()
    }
