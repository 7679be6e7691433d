"""Fetching by address: a canary stands where nothing may be fetched, and is never asked."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from kimono.providers.fetching import AddressNotAllowed, FetchFailed, Rules, fetch
from kimono.providers.fetching import addresses as checking
from kimono.providers.fetching.published import data_address

PUBLIC = "93.184.216.34"
Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Canary:
    """A web server on all addresses of this machine; `asked` are the paths that were asked for."""

    port: int
    asked: list[str] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)

    @property
    def rules(self) -> Rules:
        """Return rules under which the port alone is allowed to any host, so that only the address refuses."""
        return Rules(ports=frozenset({80, 443, self.port}), resolve=self.resolve)

    @property
    def opened(self) -> Rules:
        """Return rules that allow this server by name."""
        return Rules(also=frozenset({f"127.0.0.1:{self.port}"}), ports=self.rules.ports, resolve=self.resolve)

    def url(self, path: str) -> str:
        """Return an address that is allowed by `opened`."""
        return f"http://127.0.0.1:{self.port}{path}"

    @staticmethod
    def resolve(host: str, port: int) -> list[str]:
        """Look names up without a network: each name of the table leads to this machine or a private place."""
        known = {
            "rebind.example.com": ["127.0.0.1"], "mixed.example.com": [PUBLIC, "127.0.0.1"],
            "six.example.com": ["::1"], "mapped.example.com": ["::ffff:127.0.0.1"], "private.example.com": ["10.0.0.5"],
            "meta.example.com": ["169.254.169.254"], "ali.example.com": ["100.100.100.200"],
            "nat.example.com": ["64:ff9b::7f00:1"], "ula.example.com": ["fd00:ec2::254"], "127.0.0.1": ["127.0.0.1"],
            "zero.example.com": ["0.0.0.0"], "tunnel.example.com": ["2002:7f00:1::"],
        }  # fmt: skip
        if host not in known:
            raise socket.gaierror("no such name")
        return known[host]


@pytest.fixture
def canary() -> Iterator[Canary]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            made.answers.get(self.path.split("?")[0], _page)(self)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = Canary(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def _page(handler: BaseHTTPRequestHandler) -> None:
    _send(handler, 200, b"<html><body><p>canary</p></body></html>", Content_Type="text/html")


def _to(url: str) -> Answer:
    return lambda handler: _send(handler, 302, Location=url)


# `{p}` is the port on which the canary listens: a fetch that gets through would be heard.
CLOSED = [
    "http://127.0.0.1:{p}/", "https://127.0.0.1:{p}/", "http://127.0.0.2:{p}/", "http://127.1:{p}/", "http://127.0.1:{p}/",
    "http://localhost:{p}/", "http://LOCALHOST:{p}/", "http://localhost.:{p}/", "http://a.localhost:{p}/",
    "http://localhost.localdomain.local:{p}/", "http://2130706433:{p}/", "http://0x7f000001:{p}/", "http://0x7f.0.0.1:{p}/",
    "http://0177.0.0.1:{p}/", "http://017700000001:{p}/", "http://0x7f.1:{p}/", "http://127.0.0.1.:{p}/",
    "http://0:{p}/", "http://0.0.0.0:{p}/", "http://[::1]:{p}/", "http://[::]:{p}/", "http://[0:0:0:0:0:0:0:1]:{p}/",
    "http://[::ffff:127.0.0.1]:{p}/", "http://[::ffff:7f00:1]:{p}/", "http://[::127.0.0.1]:{p}/",
    "http://[64:ff9b::127.0.0.1]:{p}/", "http://[64:ff9b:1::7f00:1]:{p}/", "http://[2002:7f00:1::]:{p}/",
    "http://[2001:0:7f00:1::]:{p}/", "http://[fe80::1]:{p}/", "http://[fe80::1%25lo]:{p}/", "http://[fc00::1]:{p}/",
    "http://[fd00:ec2::254]/latest/meta-data/", "http://[fec0::1]:{p}/", "http://[ff02::1]:{p}/", "http://[2001:db8::1]:{p}/",
    "http://10.0.0.1:{p}/", "http://10.255.255.255/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.0.1/",
    "http://169.254.169.254/latest/meta-data/", "http://169.254.170.2/v2/credentials", "http://100.64.0.1/",
    "http://100.100.100.200/latest/meta-data/", "http://168.63.129.16/metadata", "http://192.0.0.192/",
    "http://198.18.0.1/", "http://192.0.2.1/", "http://198.51.100.1/", "http://203.0.113.1/", "http://224.0.0.1/",
    "http://240.0.0.1/", "http://255.255.255.255/", "http://metadata.google.internal/computeMetadata/v1/",
    "http://metadata/", "http://intranet/", "http://printer.lan/", "http://db.internal:{p}/", "http://nas.local/",
    "http://rebind.example.com:{p}/", "http://mixed.example.com:{p}/", "http://six.example.com:{p}/",
    "http://mapped.example.com:{p}/", "http://private.example.com/", "http://meta.example.com/", "http://ali.example.com/",
    "http://nat.example.com:{p}/", "http://ula.example.com/", "http://zero.example.com:{p}/", "http://tunnel.example.com/",
    "http://①②⑦.⓪.⓪.①:{p}/", "http://１２７.０.０.１:{p}/", "http://127。0。0。1:{p}/", "http://ⓛocalhost:{p}/",
    "http://user@127.0.0.1:{p}/", "http://example.com@127.0.0.1:{p}/", "http://127.0.0.1:{p}@example.com/",
    "http://127.0.0.1:{p}\\@example.com/", "http://example.com\\.127.0.0.1:{p}/", "http:\\\\127.0.0.1:{p}/",
    "http://127.0.0.1:{p}\t/", "http://127.0.0.1\r\n:{p}/", " http://127.0.0.1:{p}/", "http://exa mple.com/",
    "//127.0.0.1:{p}/", "127.0.0.1:{p}", "http:///127.0.0.1:{p}/", "http://", "", "http://:{p}/",
    "file:///etc/passwd", "ftp://127.0.0.1:{p}/", "gopher://127.0.0.1:{p}/_x", "dict://127.0.0.1:{p}/", "data:text/html,x",
    "jar:http://127.0.0.1:{p}/!/", "javascript:alert(1)", "ldap://127.0.0.1:{p}/", "unix:///var/run/docker.sock",
    "http://93.184.216.34:22/", "http://93.184.216.34:6379/", "http://93.184.216.34:99999/", "http://93.184.216.34:x/",
    "http://[::1/", "http://[]/", "http://" + "a" * 64 + ".com/", "http://example.com/" + "x" * 2100,
]  # fmt: skip


def test_the_table_is_long_and_the_canary_can_be_heard(canary: Canary) -> None:
    assert len(set(CLOSED)) >= 60
    assert b"canary" in fetch(canary.url("/heard"), canary.opened).content
    assert canary.asked == ["/heard"]


@pytest.mark.parametrize("url", CLOSED)
def test_what_must_not_be_fetched_is_not(canary: Canary, url: str) -> None:
    with pytest.raises(AddressNotAllowed):
        fetch(url.replace("{p}", str(canary.port)), canary.rules)
    assert canary.asked == []


@pytest.mark.parametrize("url", CLOSED)
def test_a_redirect_leads_nowhere_else_than_an_address(canary: Canary, url: str) -> None:
    there = url.replace("{p}", str(canary.port))
    if (
        not there.isascii()
        or any(ord(one) < 32 for one in there)
        or "://" not in there
        or "///" in there
        or there == "http://"
    ):
        pytest.skip("no header can hold it, or it names a path of the same server")
    relay = _relay(there)
    rules = replace(canary.rules, also=frozenset({f"127.0.0.1:{relay.server_port}"}))
    try:
        with pytest.raises(AddressNotAllowed):
            fetch(f"http://127.0.0.1:{relay.server_port}/", rules)
    finally:
        relay.shutdown()
        relay.server_close()
    assert canary.asked == []


def _relay(there: str) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _send(self, 302, Location=there)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


def test_a_name_that_changes_its_meaning_is_looked_up_once(
    canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, connected = [], []

    def resolve(host: str, port: int) -> list[str]:
        looked.append(host)
        return [PUBLIC] if len(looked) == 1 else ["127.0.0.1"]

    def connect(address: tuple[str, int], timeout: float | None = None) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("kimono.providers.fetching.connecting.socket.create_connection", connect)
    with pytest.raises(FetchFailed):
        fetch(f"http://rebind.example.com:{canary.port}/", Rules(ports=canary.rules.ports, resolve=resolve))
    assert looked == ["rebind.example.com"]
    assert connected == [(PUBLIC, canary.port)]


def test_the_real_lookup_refuses_this_machine() -> None:
    with pytest.raises(AddressNotAllowed):
        checking.check("http://127.0.0.1/")
    assert checking.check("http://93.184.216.34/x?y=1").ip == PUBLIC


def test_size_and_time_end_a_fetch(canary: Canary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kimono.providers.fetching.getting.MOST_BYTES", 50_000)
    canary.answers["/big"] = lambda handler: _send(handler, 200, b"x" * 60_000)
    canary.answers["/bomb"] = lambda handler: _send(
        handler, 200, gzip.compress(b"x" * 5_000_000), Content_Encoding="gzip"
    )
    canary.answers["/packed"] = lambda handler: _send(
        handler, 200, gzip.compress(b"plain words"), Content_Encoding="gzip"
    )
    for path in ("/big", "/bomb"):
        with pytest.raises(FetchFailed, match="larger than"):
            fetch(canary.url(path), canary.opened)
    assert fetch(canary.url("/packed"), canary.opened).content == b"plain words"

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.05)

    canary.answers["/drip"] = drip
    began = time.monotonic()
    with pytest.raises(FetchFailed, match="too long"):
        fetch(canary.url("/drip"), canary.opened, seconds=0.5)
    assert time.monotonic() - began < 3


def test_redirects_are_followed_three_times_and_not_four(canary: Canary) -> None:
    for number in range(5):
        canary.answers[f"/{number}"] = _to(f"/{number + 1}")
    assert fetch(canary.url("/2"), canary.opened).url.endswith("/5")
    with pytest.raises(FetchFailed, match="redirected"):
        fetch(canary.url("/0"), canary.opened)
    canary.answers["/gone"] = lambda handler: _send(handler, 404)
    with pytest.raises(FetchFailed, match="404"):
        fetch(canary.url("/gone"), canary.opened)


def test_a_file_has_the_name_and_the_charset_that_the_server_says(canary: Canary) -> None:
    canary.answers["/a/%E8%A7%84%E5%88%99"] = lambda handler: _send(
        handler, 200, "退货规则".encode("gb18030"), Content_Type="text/plain; charset=gb18030"
    )
    found = fetch(canary.url("/a/规则"), canary.opened)
    assert (found.name, found.content.decode()) == ("规则.txt", "退货规则")
    canary.answers["/dl"] = lambda handler: _send(
        handler, 200, b"a,b\n1,2\n", Content_Disposition='attachment; filename="prices.csv"'
    )
    assert fetch(canary.url("/dl"), canary.opened).name == "prices.csv"


@pytest.mark.parametrize(
    ("given", "data"),
    [
        (
            "https://docs.google.com/spreadsheets/d/1AbC_d-9/edit?usp=sharing#gid=42",
            "https://docs.google.com/spreadsheets/d/1AbC_d-9/export?format=csv&gid=42",
        ),
        (
            "https://docs.google.com/spreadsheets/d/e/2PACX-1v/pubhtml?gid=7&single=true",
            "https://docs.google.com/spreadsheets/d/e/2PACX-1v/pub?gid=7&single=true&output=csv",
        ),
        (
            "https://onedrive.live.com/embed?resid=AB%2112&authkey=xyz&em=2",
            "https://onedrive.live.com/download?resid=AB%2112&authkey=xyz&em=2",
        ),
        (
            "https://firm.sharepoint.com/:x:/g/AbC?e=Q1",
            "https://firm.sharepoint.com/:x:/g/AbC?e=Q1&download=1",
        ),
        ("https://example.com/spreadsheets/d/1/edit", "https://example.com/spreadsheets/d/1/edit"),
    ],
)
def test_published_sheets_are_asked_for_their_data(given: str, data: str) -> None:
    assert data_address(given) == data
    assert data_address(data) == data
