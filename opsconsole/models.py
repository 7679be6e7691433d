"""Tables of `opsconsole`: what the console is told, in order, under one counter for the whole platform."""

from typing import ClassVar

from django.db import models


class ConsoleEntry(models.Model):
    """One thing that operators are told. Of a merchant it says whose; what is shown of it is read when it is told."""

    seq = models.PositiveBigIntegerField(unique=True)
    type = models.CharField(max_length=12)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["seq"]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="console_by_age")]

    def __str__(self) -> str:
        return f"{self.type} {self.seq}"


class ConsoleCounter(models.Model):
    """The last number of the console's stream; its row is what those who add wait for."""

    last_seq = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.last_seq)
