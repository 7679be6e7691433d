"""Every operation of the OpenAPI documents, fed with what its schema allows and with what it does not."""

import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from kimono.lib import db
from tests.fixtures.servers import Servers

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "2"))
# A stream without an end; its framing has tests of its own.
ENDLESS = {"CH-08"}
# Would end the session the run itself uses.
SUICIDAL = {"AU-05", "AU-08", "AU-11", "AU-12"}


@pytest.fixture
def admin_token(live: Servers, alpha: Any) -> str:
    from django.utils import timezone

    from tenants.people.services import users
    from tenants.services.auditing import SYSTEM

    with db.tenant_scope(alpha):
        users.create(
            username="walker",
            password="correct-horse-9",
            role="merchant_admin",
            by=SYSTEM,
            now=timezone.now(),
        )
    answer = httpx.post(
        f"{live.url}/api/v1/auth/login",
        json={"username": "walker", "password": "correct-horse-9", "tenant_id": "alpha"},
    )
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


def operations(schema: Any) -> Iterator[Any]:
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.definition.raw.get("operationId") not in ENDLESS | SUICIDAL:
            yield operation


@pytest.mark.timeout(300)
def test_no_operation_crashes_or_breaks_its_schema(live: Servers, admin_token: str) -> None:
    schema = schemathesis.openapi.from_url(f"{live.url}/api/v1/openapi.json")
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {admin_token}"
    failures: list[str] = []
    tried = 0
    for operation in operations(schema):
        tried += 1

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def feed(case: Any) -> None:
            case.call_and_validate(
                session=session, checks=[not_a_server_error, response_schema_conformance], timeout=30
            )

        try:
            feed()
        except (Exception, BaseExceptionGroup) as error:
            failures.append(f"{operation.label}: {str(error)[:1500]}")
    assert tried > 60
    assert not failures, "\n\n".join(failures)
