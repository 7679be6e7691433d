"""Passages and findings made by hand, for rules that need no index."""

from knowledge.services.retrieval import Found, Passage, Scores


def passage(*, score: float, answerable: float, kind: str = "qa", qa_id: str = "qa-1") -> Passage:
    """Return a passage with these numbers and words that matter to nobody."""
    return Passage(
        kind=kind,  # type: ignore[arg-type]
        score=score,
        question="问？",
        answer="答。",
        text="答。",
        category="",
        qa_id=qa_id,
        chunk_id=None,
        doc_id=None,
        version=None,
        source="问？",
        title="问？",
        section=None,
        page=None,
        url="",
        quote="",
        scores=Scores(None, 0.5, 0.5),
        start=0,
        end=2,
        language="zh",
        answerable=answerable,
    )


def found(*passages: Passage, answerable: bool, threshold: float = 0.5) -> Found:
    """Return what a search found, with these passages and a probability needed of .25."""
    return Found(
        passages=passages,
        threshold=threshold,
        answerable=answerable,
        answerability=max((each.answerable for each in passages), default=0.0),
        knowledge_version="kv-1",
        took_ms=1,
        degraded=None,
        least_answerability=0.25,
    )
