"""What was said."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Message(models.Model):
    """One message; its number comes from the conversation's counter and says its place for ever."""

    class Role(models.TextChoices):
        """Whose side a message is on, in the words of chat models."""

        USER = "user"
        ASSISTANT = "assistant"
        SYSTEM = "system"

    class Author(models.TextChoices):
        """Who wrote it."""

        VISITOR = "visitor"
        BOT = "bot"
        AGENT = "agent"
        SYSTEM = "system"

    class Kind(models.TextChoices):
        """What a message of the bot was: an answer counts as tried, a question does not."""

        MESSAGE = "message"
        ANSWER = "answer"
        ASK = "ask"
        REFUSAL = "refusal"
        SMALL_TALK = "small_talk"
        TRANSFER = "transfer"

    public_id = models.CharField(max_length=64, unique=True)
    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="messages"
    )
    seq = models.PositiveIntegerField()
    role = models.CharField(max_length=10, choices=Role.choices)
    author = models.CharField(max_length=8, choices=Author.choices)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.MESSAGE)
    agent_id = models.CharField(max_length=64, blank=True, default="")
    agent_name = models.CharField(max_length=100, blank=True, default="")
    content = models.TextField()
    citations = models.JSONField(default=list, blank=True)
    attachments = models.JSONField(default=list, blank=True)
    feedback = models.JSONField(null=True, blank=True)
    client_message_id = models.CharField(max_length=64, null=True, blank=True)
    # Of the request that brought the message: the same id with another body is a conflict.
    body_hash = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("seq",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="message_seq_once"),
            models.UniqueConstraint(
                fields=["conversation", "client_message_id"],
                condition=Q(client_message_id__isnull=False),
                name="message_client_id_once",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
