"""In which language a contact is to be answered."""

import re
from typing import cast

from conversations.services.dialogue.phrases import Language
from conversations.services.dialogue.window import Window, contact_texts
from kimono.lib.cleaning import detect_language

# What is written alike in every language: order numbers, e-mail addresses, links, bare numbers.
_NO_LANGUAGE = re.compile(r"\S+@\S+|https?://\S+|\b[A-Za-z]{0,6}[-_#]?\d[\w-]*\b")


def language_of(text: str, window: Window, *, chosen: str = "") -> Language:
    """Return the language to answer `text` in: the one chosen, else its own, else that of the words before it."""
    if chosen:
        return cast(Language, chosen)
    for each in (text, *reversed(contact_texts(window))):
        if any(character.isalpha() for character in _NO_LANGUAGE.sub(" ", each)):
            return detect_language(_NO_LANGUAGE.sub(" ", each))
    return "zh"
