"""Between sure and no: the questions that may have been meant, for the contact to choose from."""

from collections.abc import Sequence

from knowledge.services.answers import Suggestion
from knowledge.services.retrieval import Found, Passage

MOST = 3
# What is asked back about must come as near as this share to what an answer needs, its score and its probability …
_LEAST_SHARE = 0.6
# … (where no probability is needed, one of five at least must hold an answer at all) …
_LEAST_ANSWERABLE = 0.2
# … and what stands beside it must be nearly as near.
_BESIDE = 0.7
# Where scores are fitted, a pair that is given has so good a chance at least to hold an answer. The threshold of a merchant
# may lie lower, lest it refuse too many: a question back costs such a contact a tap, and nobody a wrong answer.
_SURE_ENOUGH = 0.1


def meant(found: Found) -> tuple[Suggestion, ...]:
    """Return two or three questions of the merchant's that are near what was asked, when none is near enough to answer.

    None when something is, when nothing is near, or when there is no choice to offer.
    """
    if not found.passages:
        return ()
    if found.answerable:
        return _shown(found.passages) if _is_doubtful(found) else ()
    first = found.passages[0]
    answerable = _LEAST_SHARE * found.least_answerability or _LEAST_ANSWERABLE
    if first.score < _LEAST_SHARE * found.threshold or first.answerable < answerable:
        return ()
    return _shown([each for each in found.passages if _beside(each, first)])


def _is_doubtful(found: Found) -> bool:
    """Tell whether a pair reaches the threshold with little chance to hold an answer, and no model has said it does."""
    first = found.passages[0]
    judged = found.least_answerability > 0 and found.verdict != "answered"
    return judged and first.kind == "qa" and first.answerable < _SURE_ENOUGH


def _shown(near: Sequence[Passage]) -> tuple[Suggestion, ...]:
    pairs = [each for each in near if each.kind == "qa"][:MOST]
    return tuple(Suggestion(each.question, each.qa_id or "") for each in pairs) if len(pairs) > 1 else ()


def _beside(passage: Passage, first: Passage) -> bool:
    return passage.scores.rrf >= _BESIDE * first.scores.rrf
