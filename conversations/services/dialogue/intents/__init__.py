"""What a contact wants with a message: by rules that need no model, or by a model whose answer the rules check."""

from conversations.services.dialogue.intents.prompt import intent_prompt, read_intent, settle
from conversations.services.dialogue.intents.rules import recognise
from conversations.services.dialogue.intents.shapes import INTENTS, Intent, Recognised, SmallTalk

__all__ = [
    "INTENTS",
    "Intent",
    "Recognised",
    "SmallTalk",
    "intent_prompt",
    "read_intent",
    "recognise",
    "settle",
]
