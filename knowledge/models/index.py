"""The search index. It is written in the transaction of the change it follows, so it can never be out of step."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from pgvector.django import VectorField


class Unit(models.Model):
    """One text that is searched: a wording of a pair's question, its answer, or a chunk. The text itself stays there.

    `length` is in terms. `embedding` is null until it is made; only vectors of one `encoder_id` are compared. While the
    index is moved to another encoder, its vectors wait in `next_embedding` until all units have one.
    """

    class Role(models.TextChoices):
        """What the text is to its owner."""

        QUESTION = "question"
        SIMILAR = "similar"
        ANSWER = "answer"
        CHUNK = "chunk"

    pair = models.ForeignKey("knowledge.QAPair", on_delete=models.CASCADE, null=True, related_name="units")
    chunk = models.OneToOneField("knowledge.Chunk", on_delete=models.CASCADE, null=True, related_name="unit")
    version = models.ForeignKey(
        "knowledge.Version", on_delete=models.CASCADE, null=True, related_name="units"
    )
    role = models.CharField(max_length=8, choices=Role.choices)
    length = models.PositiveIntegerField()
    encoder_id = models.CharField(max_length=120, blank=True, default="")
    embedding = VectorField(null=True)
    next_encoder_id = models.CharField(max_length=120, blank=True, default="")
    next_embedding = VectorField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["encoder_id"], condition=~Q(encoder_id=""), name="unit_encoder"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(pair__isnull=False, chunk__isnull=True, version__isnull=True)
                | Q(pair__isnull=True, chunk__isnull=False, version__isnull=False),
                name="unit_has_one_owner",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.pk}"


class Segment(models.Model):
    """A part of the keyword index that was written at once; small ones are merged into larger ones.

    Units may be gone that a segment still names: they are skipped when found and dropped by the next merge.
    """

    class Collection(models.TextChoices):
        """Questions and bodies have their own statistics: a question has ten terms, a chunk has hundreds."""

        QUESTIONS = "q"
        BODIES = "b"

    collection = models.CharField(max_length=1, choices=Collection.choices)
    units = models.PositiveIntegerField()
    total_length = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["collection", "units"], name="segment_size")]


class Posting(models.Model):
    """In which units of a segment a term occurs.

    `term` is a 64-bit hash. `data` holds 8 bytes per unit: its id (u4), how often the term occurs (u2), the length
    of the unit in terms (u2), little-endian. `units` is how many there are, so that the size is known unread.
    """

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="postings")
    collection = models.CharField(max_length=1, choices=Segment.Collection.choices)
    term = models.BigIntegerField()
    units = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["collection", "term"], include=["units"], name="posting_term"),
        ]
