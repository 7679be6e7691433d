"""The files of documents are handed out so that they can do no harm, and only to whom they are for."""

import time
from pathlib import Path
from typing import Any

import httpx

from kimono.lib import db
from tests.fixtures.servers import Servers
from tests.knowledge.api.sending import NEWER, POLICY, send


def test_a_file_is_served_so_that_it_can_do_no_harm(keeper: httpx.Client, tmp_path: Path) -> None:
    from tests.providers.parsing.writers import pdf

    page = b"<html><body><h1>Hi</h1><p>Some words.</p><script>alert(1)</script></body></html>"
    html = send(keeper, page, "ordner/seite \u201eeins\u201c.html").json()
    answer = keeper.get(f"/api/v1/knowledge/documents/{html['doc_id']}/file")
    assert answer.content == page
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''seite%20")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.headers["Cache-Control"] == "private"
    repeated = keeper.get(
        f"/api/v1/knowledge/documents/{html['doc_id']}/file",
        headers={"If-None-Match": answer.headers["ETag"]},
    )
    assert (repeated.status_code, repeated.content) == (304, b"")

    memo = pdf(
        tmp_path / "memo.pdf", [[("Returns are accepted within thirty days.", 12, 72, 700)]]
    ).read_bytes()
    doc_id = send(keeper, memo, "memo.html").json()["doc_id"]
    shown = keeper.get(f"/api/v1/knowledge/documents/{doc_id}/file")
    assert (shown.headers["Content-Type"], shown.headers["Content-Disposition"]) == (
        "application/pdf",
        'inline; filename="memo.html"',
    )
    saved = keeper.get(f"/api/v1/knowledge/documents/{doc_id}/file", params={"disposition": "attachment"})
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert (
        keeper.get(f"/api/v1/knowledge/documents/{doc_id}/file", params={"version": "v2"}).status_code == 404
    )


def test_a_signed_link_opens_its_own_file_alone(live: Servers, keeper: httpx.Client, alpha: Any) -> None:
    from knowledge.services import links

    first, second = send(keeper).json()["doc_id"], send(keeper, NEWER, "neighbour.md").json()["doc_id"]
    path = f"/api/v1/knowledge/documents/{first}/file"
    with db.tenant_scope(alpha):
        link = links.signed(f"{path}?version=v1")
        late = links.signed(path, now=time.time() - 3700)
    with live.client(alpha) as visitor, live.client("beta") as elsewhere:
        assert visitor.get(link).content == POLICY
        assert visitor.get(path).status_code == 401
        assert visitor.get(link.replace(first, second)).status_code == 404
        assert visitor.get(late).status_code == 404
        assert visitor.get(link.replace("version=v1", "version=v2")).status_code == 404
        assert visitor.get(link.replace("version=v1&", "")).status_code == 404
        assert elsewhere.get(link).status_code == 404
        assert visitor.get(f"/api/v1/knowledge/documents/{first}", params={"sig": "1.x"}).status_code == 401
