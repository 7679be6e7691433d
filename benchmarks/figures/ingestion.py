"""How long one Markdown file takes from its upload to where a question can find it."""

import json
import statistics
import time
import urllib.request
import uuid

from benchmarks.report import Row
from benchmarks.stage import Demo, Failed

SLUG = "it-helpdesk"
_MOST_SECONDS = 60.0
_PARAGRAPH = (
    "The visitor network of building {n} is renewed every {n} weeks. Ask the reception for a voucher; it is valid for"
    " one day and one device. 访客网络的口令每 {n} 周更换一次，口令卡在前台领取，一张卡只能用于一台设备。\n"
)


def measure(demo: Demo, *, quick: bool) -> Row:
    """Upload files one after the other and wait for each."""
    key = demo.key(SLUG)
    times = [_turn_around(demo.port, key, _document(number)) for number in range(3 if quick else 8)]
    return Row(
        "ingestion of one Markdown file",
        statistics.median(times),
        "s",
        note="POST /api/v1/knowledge/ingest, answered when the worker has indexed it;"
        f" {len(_document(1).encode()) // 1000} kB, 20 sections, chunks embedded by the local encoder.",
    )


def _document(number: int) -> str:
    sections = (
        f"## {section}.{number} Visitor network\n\n" + _PARAGRAPH.format(n=section + 2) * 3
        for section in range(20)
    )
    return f"# Network guide {number}\n\n" + "\n".join(sections)


def _turn_around(port: int, key: str, text: str) -> float:
    boundary, name = uuid.uuid4().hex, f"bench-{uuid.uuid4().hex[:8]}.md"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/markdown'
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/knowledge/ingest",
        data=f"{head}\r\n\r\n{text}\r\n--{boundary}--\r\n".encode(),
        headers={"X-API-Key": key, "Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    begun = time.perf_counter()
    with urllib.request.urlopen(request, timeout=_MOST_SECONDS) as answer:
        result = json.load(answer)
    took = time.perf_counter() - begun
    if result["status"] != "success":
        raise Failed(f"an upload came to nothing: {result}")
    return took
