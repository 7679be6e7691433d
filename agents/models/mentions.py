"""Who is named in a note."""

from typing import ClassVar

from django.db import models


class Mention(models.Model):
    """An agent whom a colleague has named in a note; `seq` is the note's number."""

    agent_id = models.CharField(max_length=64)
    conversation = models.ForeignKey(
        "conversations.Conversation", on_delete=models.CASCADE, related_name="mentions"
    )
    seq = models.PositiveIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            # In this order it also serves the list of where somebody is named.
            models.UniqueConstraint(fields=["agent_id", "conversation", "seq"], name="one_mention_per_note"),
        ]

    def __str__(self) -> str:
        return f"{self.agent_id} {self.seq}"
