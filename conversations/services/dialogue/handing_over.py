"""The last stage: a person is brought in, or offered, and the contact is told."""

from dataclasses import replace
from typing import Any

from conversations.services import payloads
from conversations.services.dialogue import cards, escalation, hours
from conversations.services.dialogue.escalation import Escalation, Facts
from conversations.services.dialogue.reply import Reply, Transfer
from conversations.services.dialogue.talk import Talk
from conversations.services.dialogue.window import Line
from knowledge.services.steps import timed


def offer(talk: Talk, *, text: str = "", **more: Any) -> Reply:
    """Return a reply that says what it cannot do, and offers a person."""
    question = talk.phrase("offer_human")
    # A merchant's own words may offer a person already.
    whole = text if "人工" in text or "human" in text else f"{text}{_space(talk)}{question}"
    return talk.reply(whole.strip(), "refusal", "refused", handoff_offered=True, **more)


def _space(talk: Talk) -> str:
    return " " if talk.question.language == "en" else ""


def failed(talk: Talk) -> int:
    """Return the failed attempts after this turn, which has failed too."""
    return escalation.count_failed(
        talk.question.failed_attempts,
        "unresolved",
        urgent=talk.recognised.urgent,
        policy=talk.question.policy,
    )


def judge(talk: Talk, **facts: Any) -> Escalation | None:
    """Return the rule that brings in a person for these facts of the turn, or None."""
    known = {
        "urgent": talk.recognised.urgent,
        "member_level": talk.question.member_level or "normal",
        **facts,
    }
    return escalation.decide(Facts(now=talk.question.at, **known), talk.question.policy)


def hand_over(talk: Talk, judged: Escalation | None, *, otherwise: Reply | None) -> Reply:
    """Return the reply that brings in a person; `otherwise` where no rule does, or nobody is at work."""
    if judged is None:
        return otherwise or offer(talk)
    with timed("escalate", talk.record, input_summary=judged.rule) as note:
        note.output_summary = judged.priority if judged.transfer else "recorded only"
        note.detail.update(rule=judged.rule, priority=judged.priority, transfer=judged.transfer)
        if not judged.transfer:
            return _told_when(talk, otherwise or offer(talk))
        transfer = Transfer(
            rule=judged.rule,
            reason=judged.escalate_reason,
            priority=judged.priority,
            card=_card(talk, judged),
        )
    talk.writer.know(escalate=True)
    failed = otherwise.failed_attempts if otherwise is not None else talk.question.failed_attempts
    return talk.reply(
        _transfer_words(talk), "transfer", "transferred", transfer=transfer, failed_attempts=failed
    )


def _transfer_words(talk: Talk) -> str:
    opening = hours.next_opening_text(
        talk.question.policy.working_hours, talk.question.at, talk.question.language
    )
    if opening:
        return talk.phrase("transferring_out_of_hours", opening=opening)
    return talk.phrase("transferring")


def _told_when(talk: Talk, reply: Reply) -> Reply:
    """Return a reply that, where a person would be brought in, says when there is one."""
    opening = hours.next_opening_text(
        talk.question.policy.working_hours, talk.question.at, talk.question.language
    )
    if not opening:
        return reply
    question = talk.phrase("offer_human")
    text = reply.text.removesuffix(question).strip()
    told = talk.phrase("out_of_hours", opening=opening)
    return replace(reply, text=f"{text}{_space(talk)}{told}".strip())


def _card(talk: Talk, judged: Escalation) -> dict[str, Any]:
    question = talk.question
    return cards.card(
        history=[*question.window, Line("contact", question.text)],
        session_id=question.session_id,
        user_id=question.contact_id,
        member_level=question.member_level,
        turn_count=question.turn_count,
        rule=judged.rule,
        escalate_reason=judged.escalate_reason,
        priority=judged.priority,
        slots=talk.slots,
        language=question.language,
        at=payloads.moment(question.at),
    )
