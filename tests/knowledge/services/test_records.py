"""Questions, feedback, grants and signed links."""

import pytest

from kimono.lib.db import tenant_scope
from kimono.lib.errors import Invalid
from knowledge.models import Feedback, QuestionRecord
from knowledge.services import feedback, grants, links, questions
from tenants.models import Tenant
from tenants.services.auditing import Actor
from tests.knowledge.filling import add_pair

VISITOR = Actor(kind="visitor", id="sess-1")
AGENT = Actor(kind="user", id="usr-1")


@pytest.mark.usefixtures("in_alpha")
class TestQuestions:
    def test_a_question_is_recorded_and_its_pairs_count_a_hit(self) -> None:
        pair, other = add_pair("如何退货？"), add_pair("门店？")
        questions.record(text="怎么退", unit="sess-1", outcome="answered", qa_ids=[pair.public_id, "qa-none"])
        questions.record(text="怎么退", unit="sess-1", outcome="answered", qa_ids=[pair.public_id])
        pair.refresh_from_db()
        other.refresh_from_db()
        assert (pair.hit_count, other.hit_count) == (2, 0)
        assert QuestionRecord.objects.filter(unit="sess-1", outcome="answered").count() == 2

    def test_equal_questions_are_counted_together_most_asked_first(self) -> None:
        for text in ("运费", "如何退货？", "如何退貨？", "如何退货？ "):
            questions.record(text=text, unit="u", outcome="refused")
        assert [(asked.text.strip(), asked.times) for asked in questions.most_asked(limit=2)] == [
            ("如何退货？", 3),
            ("运费", 1),
        ]


def submit(by: Actor = VISITOR, message_id: str = "msg-1", **said: object) -> Feedback:
    return feedback.submit(
        session_id="sess-1", message_id=message_id, question="问", answer="答", by=by, **said  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.usefixtures("in_alpha")
class TestFeedback:
    def test_a_second_vote_of_the_same_party_replaces_the_first(self) -> None:
        first = submit(vote="up")
        Feedback.objects.update(status=Feedback.Status.APPROVED, reviewed_by="usr-9")
        second = submit(vote="down", comment="不对", corrected="应为七天")
        assert second.public_id == first.public_id
        assert (second.rating, second.vote, second.status, second.reviewed_by) == (1, "down", "pending", "")
        assert (second.comment, second.corrected_answer) == ("不对", "应为七天")
        assert Feedback.objects.count() == 1

    def test_another_party_or_message_is_another_feedback(self) -> None:
        ids = {
            submit(vote="up").public_id,
            submit(AGENT, vote="up").public_id,
            submit(message_id="msg-2", rating=3).public_id,
        }
        assert len(ids) == 3

    @pytest.mark.parametrize("rating", [None, 0, 6])
    def test_without_a_vote_or_a_rating_in_range_it_is_refused(self, rating: int | None) -> None:
        with pytest.raises(Invalid):
            submit(rating=rating)

    def test_types(self) -> None:
        assert feedback.kind_of(submit(vote="up")) == "positive"
        assert feedback.kind_of(submit(rating=3)) == "negative"
        assert feedback.kind_of(submit(rating=5, corrected="改")) == "corrected"


@pytest.mark.usefixtures("in_alpha")
def test_a_unit_may_read_what_was_cited_to_it_and_nothing_else() -> None:
    grants.allow(unit="sess-1", doc_ids=["doc-1", "doc-1"], qa_ids=["qa-1"])
    grants.allow(unit="sess-1", doc_ids=["doc-1"])
    assert grants.allows(unit="sess-1", doc_id="doc-1")
    assert grants.allows(unit="sess-1", qa_id="qa-1")
    assert not grants.allows(unit="sess-2", doc_id="doc-1")
    assert not grants.allows(unit="sess-1", doc_id="doc-2")
    assert not grants.allows(unit="", doc_id="doc-1")
    assert not grants.allows(unit="sess-1")


class TestLinks:
    URL = "/api/v1/knowledge/documents/doc-1/file?version=v2#page=2"
    PATH = "/api/v1/knowledge/documents/doc-1/file"

    def test_a_link_is_good_for_its_file_and_an_hour(self, in_alpha: Tenant) -> None:
        url = links.signed(self.URL, now=1000)
        assert url.startswith(self.PATH + "?version=v2&sig=")
        assert url.endswith("#page=2")
        sig = url.partition("sig=")[2].partition("#")[0]
        assert links.verify(self.PATH, sig, version="v2", now=1000 + links.SECONDS - 1)
        assert not links.verify(self.PATH, sig, version="v2", now=1000 + links.SECONDS)
        assert not links.verify(self.PATH.replace("doc-1", "doc-2"), sig, version="v2", now=1000)
        longer = sig.replace(sig.partition(".")[0], "9999999999")
        assert not links.verify(self.PATH, longer, version="v2", now=1000)

    @pytest.mark.parametrize("version", ["v1", "v3", "", None])
    def test_a_link_is_good_for_its_version_alone(self, in_alpha: Tenant, version: str | None) -> None:
        sig = links.signed(self.URL, now=1000).partition("sig=")[2].partition("#")[0]
        assert not links.verify(self.PATH, sig, version=version, now=1000)

    def test_a_link_without_a_version_gives_none_by_its_name(self, in_alpha: Tenant) -> None:
        sig = links.signed(self.PATH, now=1000).partition("sig=")[2]
        assert links.verify(self.PATH, sig, now=1000)
        assert not links.verify(self.PATH, sig, version="v1", now=1000)

    def test_a_link_of_one_merchant_is_not_good_at_another(self, alpha: Tenant, beta: Tenant) -> None:
        with tenant_scope(alpha):
            sig = links.signed(self.PATH).partition("sig=")[2]
            assert links.verify(self.PATH, sig)
        with tenant_scope(beta):
            assert not links.verify(self.PATH, sig)

    @pytest.mark.parametrize("sig", ["", ".", "abc", "１２.aa", "99999999999999.aa", "12.é", "9999999999."])
    def test_rubbish_is_no_signature(self, in_alpha: Tenant, sig: str) -> None:
        assert not links.verify(self.PATH, sig)

    def test_signing_twice_leaves_one_signature(self, in_alpha: Tenant) -> None:
        assert links.signed(links.signed(self.URL)).count("sig=") == 1
