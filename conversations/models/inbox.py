"""What agents are told of the queue and of conversations, in order; under one counter for the whole merchant."""

from typing import ClassVar

from django.db import models


class InboxEntry(models.Model):
    """One thing that agents are told. It names what it is about; what is shown of that is read when it is told."""

    seq = models.PositiveBigIntegerField(unique=True)
    type = models.CharField(max_length=24)
    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="+", null=True
    )
    reason = models.CharField(max_length=500, blank=True, default="")
    agent_id = models.CharField(max_length=64, blank=True, default="")
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["seq"]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="inbox_by_age")]

    def __str__(self) -> str:
        return f"{self.type} {self.seq}"


class InboxCounter(models.Model):
    """The last number of the inbox; its row is what those who add wait for."""

    last_seq = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.last_seq)
