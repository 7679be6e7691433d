"""Runs that are watched or stopped while a document is ingested, and what they leave in the tables."""

from kimono.lib.jobs import JobStopped
from knowledge.models import Chunk, Unit, Version

POLICY = "# 退货政策\n\n签收后 7 天内可申请退货。\n\n## 例外\n\n定制和服不退不换。\n"
LONG = "\n\n".join(
    f"## 第{number}条\n\n第 {number} 条规定：押金 {number} 元，逾期一天加收。" for number in range(1, 81)
)


class Watched:
    """A run that notes what it is told, and may stop at a stage."""

    job_id = "job-test"
    attempt = 1

    def __init__(self, *, stop_at: str = "") -> None:
        self.seen: list[tuple[str, float]] = []
        self._stop_at = stop_at

    def progress(self, fraction: float, *, stage: str) -> None:
        self.seen.append((stage, fraction))
        self.check()

    def check(self) -> None:
        if self.seen and self.seen[-1][0] == self._stop_at:
            raise JobStopped("cancelled")


def rows() -> tuple[int, int, int]:
    """Count what is stored in full: versions, their chunks, their units."""
    stored = Version.objects.filter(is_indexed=True)
    chunks, units = Chunk.objects.filter(version__in=stored), Unit.objects.filter(version__in=stored)
    return stored.count(), chunks.count(), units.count()
