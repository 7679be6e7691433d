"""`manage.py evaluate --tenant SLUG`: run a test set and fail below a bound, for a pipeline that guards quality."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kimono.lib import db
from kimono.lib.errors import Refusal
from knowledge.services.evaluation import figures, running
from knowledge.services.evaluation.running import Order
from tenants.services import across
from tenants.services.auditing import SYSTEM

# Statuses of the process: below a bound, and not run at all.
BELOW, NOT_RUN = 1, 2
_SHOWN = (
    ("accuracy", "accuracy_ci"),
    ("recall", "recall_ci"),
    ("recall_at_k", None),
    ("precision_at_k", None),
    ("hit_rate", "hit_rate_ci"),
    ("mrr", "mrr_ci"),
    ("fabrication_rate", "fabrication_ci"),
    ("hallucination_rate", None),
)


class Command(BaseCommand):
    """Run a test set of a merchant here and now; no worker is needed."""

    help = "Run a test set. Status 0 when every bound holds, 1 when one does not, 2 when it cannot be run."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--tenant", required=True, help="short name or id of the merchant")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--dataset", help="id of a test set; default: the built-in one")
        which.add_argument("--testset", help="a file below the merchant's knowledge folder")
        parser.add_argument("--mode", choices=["answer", "retrieval"], default="answer")
        parser.add_argument("--top-k", type=int, choices=range(1, 51), metavar="1…50")
        parser.add_argument(
            "--param", action="append", default=[], metavar="NAME=VALUE", help="a tuner parameter of this run"
        )
        parser.add_argument(
            "--fail-under",
            action="append",
            default=[],
            metavar="FIGURE=BOUND",
            help="such as accuracy=0.9 or mrr=0.8; a number alone is the accuracy",
        )
        parser.add_argument(
            "--fail-over", action="append", default=[], metavar="FIGURE=BOUND", help="fabrication_rate=0.05"
        )
        parser.add_argument("--json", action="store_true", help="write the report with its cases as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, write the figures, and exit with 1 when one breaks its bound."""
        lower, upper = _bounds(options["fail_under"]), _bounds(options["fail_over"])
        order = Order(
            dataset_id=options["dataset"],
            testset_path=options["testset"],
            top_k=options["top_k"],
            mode=options["mode"],
            params={name: _value(text) for name, text in map(_pair, options["param"])},
        )
        report = self._run(order, options["tenant"])
        self.stdout.write(json.dumps(report, ensure_ascii=False) if options["json"] else _table(report))
        broken = _broken(figures.named(report), lower, upper)
        if broken:
            raise CommandError("; ".join(broken), returncode=BELOW)

    def _run(self, order: Order, name: str) -> dict[str, Any]:
        try:
            with db.tenant_scope(across.tenant_named(name)):
                return running.run_now(order=order, by=SYSTEM, told=self._told)
        except Refusal as refusal:
            raise CommandError(str(refusal.detail), returncode=NOT_RUN) from None

    def _told(self, fraction: float) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{fraction:4.0%}", ending="" if fraction < 1 else "\n")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise CommandError(f"{text!r} is no NAME=VALUE", returncode=NOT_RUN)
    return name.strip(), value.strip()


def _value(text: str) -> Any:
    """Return a number as a number, anything else as it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _bounds(given: Sequence[str]) -> dict[str, float]:
    bounds = {}
    known = sorted(figures.NAMES)
    for text in given:
        name, value = _pair(text if "=" in text else f"accuracy={text}")
        try:
            bounds[name] = float(value)
        except ValueError:
            raise CommandError(f"{value!r} is no number", returncode=NOT_RUN) from None
        if name not in known:
            raise CommandError(f"{name!r} is none of {', '.join(known)}", returncode=NOT_RUN)
    return bounds


def _broken(found: Mapping[str, float], lower: Mapping[str, float], upper: Mapping[str, float]) -> list[str]:
    under = [f"{name} {found[name]:.3f} < {bound}" for name, bound in lower.items() if found[name] < bound]
    over = [f"{name} {found[name]:.3f} > {bound}" for name, bound in upper.items() if found[name] > bound]
    return [*under, *over]


def _table(report: Mapping[str, Any]) -> str:
    lines = [
        f"{report['dataset_name']}: {report['total_queries']} questions, {report['mode']}, k = {report['top_k']},"
        f" {report['knowledge_version']}, {report['duration_seconds']:.1f} s"
    ]
    for name, interval in _SHOWN:
        low_high = "  [{:.3f}, {:.3f}]".format(*report[interval]) if interval else ""
        lines.append(f"  {name:<22}{report[name]:>7.3f}{low_high}")
    for name in ("precision", "recall"):
        low, high = report["abstention"][f"{name}_ci"]
        label = f"abstention_{name}"
        lines.append(f"  {label:<22}{report['abstention'][name]:>7.3f}  [{low:.3f}, {high:.3f}]")
    for category, row in report["by_category"].items():
        lines.append(
            f"  {category[:20]}: {row['total_queries']} questions,"
            f" accuracy {row['accuracy']:.3f}, recall {row['recall']:.3f}"
        )
    return "\n".join(lines)
