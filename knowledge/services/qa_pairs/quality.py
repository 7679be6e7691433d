"""How good a QA pair is, by simple marks that a merchant can act on. Low quality warns; it never refuses."""

import re
from dataclasses import dataclass

from knowledge.services.terms import content_terms

_ASKS = re.compile(
    r"[?？]|吗|呢|么|如何|怎么|怎样|什么|哪|多少|几|是否|能不能|可以|为何|为什么"
    r"|^(how|what|when|where|which|who|why|can|could|do|does|is|are|should|may)\b",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"(请咨询|请联系)(客服|我们)[。.!！]?$|^(是的|不是|可以|不可以|yes|no)[。.!！]?$", re.IGNORECASE
)
_CONCRETE = re.compile(r"\d|[1-9一二三四五六七八九十][.、）)]|https?://")


@dataclass(frozen=True)
class Quality:
    """Scores from 0 to 1, what is wrong, and what would help."""

    overall: float
    question: float
    answer: float
    relevance: float
    issues: tuple[str, ...]
    suggestions: tuple[str, ...]


def evaluate(*, question: str, answer: str) -> Quality:
    """Return the quality of a pair: 30 % question, 45 % answer, 25 % how much the two share."""
    issues: list[str] = []
    suggestions: list[str] = []
    question_score = _question(question.strip(), issues, suggestions)
    answer_score = _answer(question.strip(), answer.strip(), issues, suggestions)
    relevance = _relevance(question, answer, issues, suggestions)
    overall = round(0.3 * question_score + 0.45 * answer_score + 0.25 * relevance, 2)
    return Quality(overall, question_score, answer_score, relevance, tuple(issues), tuple(suggestions))


def _question(question: str, issues: list[str], suggestions: list[str]) -> float:
    score = 1.0
    if len(question) < 4:
        score -= 0.5
        issues.append("问题过短")
        suggestions.append("把问题写成顾客会问的一句话")
    if len(question) > 120:
        score -= 0.2
        issues.append("问题过长")
        suggestions.append("一个问题只问一件事，其余写进相似问")
    if not _ASKS.search(question):
        score -= 0.2
        issues.append("问题不像一句提问")
    return round(max(score, 0.0), 2)


def _answer(question: str, answer: str, issues: list[str], suggestions: list[str]) -> float:
    score = 0.75
    if len(answer) < 10:
        score -= 0.45
        issues.append("答案过短，可能帮不上忙")
        suggestions.append("补充步骤、时间、费用等具体信息")
    elif _VAGUE.search(answer):
        score -= 0.35
        issues.append("答案没有给出具体内容")
    if answer == question:
        score -= 0.5
        issues.append("答案与问题相同")
    if _CONCRETE.search(answer):
        score += 0.15
    if len(answer) >= 30:
        score += 0.1
    return round(min(max(score, 0.0), 1.0), 2)


def _relevance(question: str, answer: str, issues: list[str], suggestions: list[str]) -> float:
    asked = set(content_terms(question))
    if not asked:
        return 0.5
    shared = len(asked & set(content_terms(answer))) / len(asked)
    if shared == 0:
        issues.append("答案没有提到问题中的关键词")
        suggestions.append("在答案里点明所回答的对象")
    return round(min(1.0, 0.4 + 1.2 * shared), 2)
