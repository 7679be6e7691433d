"""The knowledge revision: one up per committed change, never waiting, never missed."""

import threading

import pytest
from django.db import connection, transaction

from kimono.lib.db import released, tenant_scope
from knowledge.models import KnowledgeState, Revision
from knowledge.services import revisions
from tenants.models import Tenant


@pytest.mark.usefixtures("in_alpha")
def test_each_change_raises_it_by_one_and_folding_by_none() -> None:
    before = revisions.current()
    for _ in range(5):
        revisions.bump()
    assert revisions.current() == before + 5
    changed = revisions.last_changed()
    revisions.fold()
    assert not Revision.objects.exists()
    assert revisions.current() == before + 5
    assert revisions.last_changed() == changed
    assert revisions.label() == f"kv-{before + 5}"
    revisions.bump()
    revisions.fold()
    assert KnowledgeState.objects.get().folded == before + 6


@pytest.mark.django_db(transaction=True)
def test_a_change_that_commits_late_still_raises_it_and_holds_up_nobody(alpha: Tenant) -> None:
    bumped, go_on = threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def late() -> None:
        try:
            with tenant_scope(alpha), transaction.atomic():
                revisions.bump()
                bumped.set()
                assert go_on.wait(20)
        except BaseException as error:
            failures.append(error)
        finally:
            released()

    thread = threading.Thread(target=late)
    with tenant_scope(alpha):
        before = revisions.current()
        thread.start()
        assert bumped.wait(20)
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '500ms'")
            revisions.bump()
        assert revisions.current() == before + 1
        go_on.set()
        thread.join(20)
        assert not failures
        assert revisions.current() == before + 2


@pytest.mark.usefixtures("in_alpha")
def test_a_change_that_is_rolled_back_never_was() -> None:
    before = revisions.current()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        revisions.bump()
        raise ZeroDivisionError
    assert revisions.current() == before
