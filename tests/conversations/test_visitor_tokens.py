"""The token of a visitor: for one tenant, one visitor, one conversation; a day after its last use."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from conversations.models import Conversation
from conversations.services import conversations, visitor_tokens
from kimono.lib.db import tenant_scope
from kimono.lib.errors import Unauthenticated
from tests.conversations import talking


def _begun(now: Any) -> Conversation:
    with transaction.atomic():
        return conversations.begin(now=now)


def test_a_token_says_who_it_is_and_fits_a_subprotocol(in_alpha: Any) -> None:
    now = talking.now()
    conversation = _begun(now)
    token, expires = visitor_tokens.issue(conversation=conversation, now=now)
    assert expires == now + timedelta(hours=24)
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    visitor = visitor_tokens.recognise(token, now=now)
    assert (visitor.session_id, visitor.visitor_id) == (conversation.public_id, conversation.visitor_id)
    assert visitor.tenant == in_alpha


def test_each_use_renews_it(in_alpha: Any) -> None:
    now = talking.now()
    token, _ = visitor_tokens.issue(conversation=_begun(now), now=now)
    for hours in (20, 40, 60):
        visitor_tokens.recognise(token, now=now + timedelta(hours=hours))
    with pytest.raises(Unauthenticated):
        visitor_tokens.recognise(token, now=now + timedelta(hours=84, minutes=1))


@pytest.mark.parametrize("change", ["cut", "swap", "empty", "foreign", "garbage"])
def test_a_token_that_was_changed_is_nobodys(alpha: Any, beta: Any, change: str) -> None:
    now = talking.now()
    with tenant_scope(alpha):
        token, _ = visitor_tokens.issue(conversation=_begun(now), now=now)
    with tenant_scope(beta):
        other, _ = visitor_tokens.issue(conversation=_begun(now), now=now)
    foreign = f"{other.split('.', 1)[0]}.{token.split('.', 1)[1]}"
    broken = {
        "cut": token[:-1],
        "swap": token[:-2] + ("aa" if token[-2:] != "aa" else "bb"),
        "empty": "vt_",
        "foreign": foreign,
        "garbage": "vt_\u4f60.x.y.z",
    }[change]
    with pytest.raises(Unauthenticated):
        visitor_tokens.recognise(broken, now=now)


def test_equal_ids_of_two_merchants_do_not_open_each_other(alpha: Any, beta: Any, equal_ids: Any) -> None:
    now = talking.now()
    tokens = {}
    for tenant in (alpha, beta):
        with tenant_scope(tenant), equal_ids():
            tokens[tenant.slug] = visitor_tokens.issue(conversation=_begun(now), now=now)[0]
    for tenant in (alpha, beta):
        assert visitor_tokens.recognise(tokens[tenant.slug], now=now).tenant == tenant
