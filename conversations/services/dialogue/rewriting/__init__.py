"""Making a follow-up a full question, so that it can be searched without the conversation around it."""

from conversations.services.dialogue.rewriting.prompt import read_rewritten, rewrite_prompt
from conversations.services.dialogue.rewriting.rules import rewrite, topic_of
from conversations.services.dialogue.rewriting.shapes import Rewritten

__all__ = ["Rewritten", "read_rewritten", "rewrite", "rewrite_prompt", "topic_of"]
