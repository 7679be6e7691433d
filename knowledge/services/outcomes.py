"""What search says to the questions that scores and threshold are fitted on, as it is kept between two fits. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """What search says to a question that is held out, in logits (see `ranking.Ranked`).

    `decisive` and `evidence` are those of the first entry, `right` whether it is the question's own; `without` and
    `stranger` are evidence and what is decisive of the first entry when its own is not there: nothing is right then. The
    first two are None for the only wording of a pair.

    A question that was `told` is no wording but one of a contact's: nothing is held out, `without` and `stranger` are
    those of the first entry that is not right. The first two are None where it has no answer.
    """

    decisive: float | None
    evidence: float | None
    right: bool
    without: float
    stranger: float
    told: bool = False

    def shown(self) -> list[float | None]:
        """Return it as numbers, to be stored."""
        return [
            self.decisive,
            self.evidence,
            float(self.right),
            self.without,
            self.stranger,
            float(self.told),
        ]

    @classmethod
    def of(cls, numbers: Sequence[Any]) -> "Asked":
        """Return what was stored; of earlier releases without the last number."""
        decisive, evidence, right, without, stranger, *rest = numbers
        return cls(decisive, evidence, bool(right), without, stranger, told=any(rest))
