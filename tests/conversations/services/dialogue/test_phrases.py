"""What the bot says in its own name."""

import string
from typing import get_args

from conversations.services.dialogue.phrases import Language, Phrase, phrases, say


def test_every_phrase_is_there_in_every_language_with_the_same_values() -> None:
    assert set(phrases()) == set(get_args(Phrase))
    for phrase, texts in phrases().items():
        assert set(texts) == set(get_args(Language)), phrase
        fields = {
            frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)
            for text in texts.values()
        }
        assert phrase in ("bad_date", "bad_time", "bad_phone") or len(fields) == 1, phrase


def test_the_sentence_of_a_transfer_is_the_contracts() -> None:
    assert say("transferring") == "正在为您转接人工客服，请稍候……"
    assert say("ask_slot", "en", title="order number") == "Could you tell me your order number?"
