"""What was said."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Message(models.Model):
    """One message; its number comes from the conversation's counter and says its place for ever."""

    class Role(models.TextChoices):
        """Whose side a message is on, in the words of chat models."""

        USER = "user", _("Contact")
        ASSISTANT = "assistant", _("Service")
        SYSTEM = "system", _("The system")

    class Author(models.TextChoices):
        """Who wrote it."""

        VISITOR = "visitor", _("Contact")
        BOT = "bot", _("Bot")
        AGENT = "agent", _("Agent")
        SYSTEM = "system", _("The system")

    class Kind(models.TextChoices):
        """What a message of the bot was: an answer counts as tried, a question does not."""

        MESSAGE = "message", _("Message")
        ANSWER = "answer", _("Answer")
        ASK = "ask", _("Question back")
        REFUSAL = "refusal", _("No answer found")
        SMALL_TALK = "small_talk", _("Small talk")
        TRANSFER = "transfer", _("Handing over")

    public_id = models.CharField(_("ID"), max_length=64, unique=True)
    conversation = models.ForeignKey(
        "conversations.Conversation",
        on_delete=models.CASCADE,
        related_name="messages",
        verbose_name=_("conversation"),
    )
    seq = models.PositiveIntegerField(_("number"))
    role = models.CharField(_("side"), max_length=10, choices=Role.choices)
    author = models.CharField(_("author"), max_length=8, choices=Author.choices)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.MESSAGE)
    agent_id = models.CharField(_("agent ID"), max_length=64, blank=True, default="")
    agent_name = models.CharField(_("agent"), max_length=100, blank=True, default="")
    content = models.TextField(_("content"))
    citations = models.JSONField(_("citations"), default=list, blank=True)
    attachments = models.JSONField(_("attachments"), default=list, blank=True)
    feedback = models.JSONField(_("feedback"), null=True, blank=True)
    client_message_id = models.CharField(_("client's ID"), max_length=64, null=True, blank=True)
    # Of the request that brought the message: the same id with another body is a conflict.
    body_hash = models.CharField(_("checksum"), max_length=64, blank=True, default="")
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
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
