"""Between sure and no: the questions that may have been meant, for the contact to choose from."""

from knowledge.services.answers import Suggestion
from knowledge.services.retrieval import Found, Passage

MOST = 3
# What is asked back about must come as near as this share to what an answer needs, its score and its probability …
_LEAST_SHARE = 0.6
# … (where no probability is needed, one of five at least must hold an answer at all) …
_LEAST_ANSWERABLE = 0.2
# … and what stands beside it must be nearly as near.
_BESIDE = 0.7


def meant(found: Found) -> tuple[Suggestion, ...]:
    """Return two or three questions of the merchant's that are near what was asked, when none is near enough to answer.

    None when something is, when nothing is near, or when there is no choice to offer.
    """
    if found.answerable or not found.passages:
        return ()
    first = found.passages[0]
    answerable = _LEAST_SHARE * found.least_answerability or _LEAST_ANSWERABLE
    if first.score < _LEAST_SHARE * found.threshold or first.answerable < answerable:
        return ()
    near = [each for each in found.passages if each.kind == "qa" and _beside(each, first)][:MOST]
    return tuple(Suggestion(each.question, each.qa_id or "") for each in near) if len(near) > 1 else ()


def _beside(passage: Passage, first: Passage) -> bool:
    return passage.scores.rrf >= _BESIDE * first.scores.rrf
