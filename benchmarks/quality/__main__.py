"""`python -m benchmarks.quality [--only SET …] [--sample N] [--embedder NAME]`: one line per set, ours beside plain BM25."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import stage as stages
from benchmarks.quality import fabrication, measures, picture, sets
from benchmarks.quality.fabrication import Trial
from benchmarks.quality.gates import Gate, gates
from benchmarks.quality.measures import Predicted
from benchmarks.quality.sets import QuestionSet
from benchmarks.stage import Stage

OUT = stages.CHECKOUT / "benchmarks" / "out"
_HEADS = (
    "set",
    "asked",
    "R@1",
    "R@5",
    "MRR@10",
    "ECE",
    "refused",
    "right",
    "cited",
    "unanswerable: AUROC, FA@5, answered",
    "made up",
    "gates",
)
_LEGEND = (
    "Ours / plain BM25; ± is half of the 95 % interval. refused, right and answered are those at the threshold that the"
    " product sets itself: the share of answerable questions refused, right first answers among the others, unanswerable"
    " questions answered, the last beside what BM25 answers at the same refusal. cited: the answer's words stand in a span"
    " cited; made up: sentences of answers that no source has, without a model and with two that lie."
)
# For the largest set on two busy cores; documents are read one by one.
_MOST_SECONDS = 7_200.0


def main() -> int:
    """Measure the sets that are there and print the table; 1 when a gate is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=sets.names(), metavar="SET", help=", ".join(sets.names())
    )
    parser.add_argument("--sample", type=int, help="ask so many questions of each kind at most")
    parser.add_argument("--embedder", help="a sentence encoder in this process, by name or folder")
    parser.add_argument("--no-answers", action="store_true", help="only search; answer nothing")
    wanted = parser.parse_args()
    rows, missed = [], 0
    curves: dict[str, picture.Curve] = {}
    with stages.made(quick=False) as stage, stages.servers(stage):
        for name in wanted.only or sets.names():
            chosen = sets.load(name)
            if wanted.sample:
                chosen = chosen.sampled(wanted.sample)
            begun = time.monotonic()
            found = predicted(stage, chosen, embedder=wanted.embedder)
            ours, curves[name] = measures.measure(chosen, found), measures.reliability_of(chosen, found)
            theirs = baseline(chosen, refused=ours["refused"])
            held = gates(chosen, ours, theirs, with_model=bool(wanted.embedder))
            made_up = "–"
            if not wanted.no_answers and not wanted.embedder:
                tallies = fabrication.tallied(*_answered(stage, chosen))
                made_up = fabrication.summed(tallies)
                wrong = sum(len(tally.unsupported) for tally in tallies)
                held.append(Gate("made up", wrong, 0, at_least=False))
            missed += sum(not gate.met for gate in held)
            rows.append(_cells(chosen, ours, theirs, made_up, held))
            # A run takes long: what is known is said at once.
            print(f"{' | '.join(rows[-1])}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    text = table(rows)
    print(f"\n{text}\n\n{_LEGEND}")
    OUT.mkdir(exist_ok=True)
    kept = OUT / f"quality{'-model' if wanted.embedder else ''}.md"
    kept.write_text(text + "\n", encoding="utf-8")
    kept.with_suffix(".svg").write_text(picture.draw(curves), encoding="utf-8")
    return 1 if missed else 0


def baseline(chosen: QuestionSet, *, refused: float) -> dict[str, float]:
    """Return what plain BM25 does, and what it answers at the refusal `refused`, `… at our refusal`."""
    found = measures.baseline(chosen)
    answered = measures.at_refusal(chosen, found, refused)
    return measures.measure(chosen, found) | {
        f"{kind} at our refusal": share for kind, share in answered.items()
    }


def predicted(stage: Stage, chosen: QuestionSet, *, embedder: str | None) -> dict[str, Predicted]:
    """Return what the product's own search says, asked by its own command."""
    knowledge, questions, out = (
        stage.plans / f"{chosen.name}.{what}" for what in ("knowledge", "asked", "found")
    )
    _write(knowledge, chosen.knowledge)
    _write(questions, [{"query": query} for query in chosen.questions])
    command = [sys.executable, "manage.py", "rank_questions", str(knowledge), str(questions), str(out)]
    if chosen.as_documents:
        command.append("--as-documents")
    if embedder:
        command += ["--embedder", embedder]
    stages.run(stage, command, seconds=_MOST_SECONDS)
    lines = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    return {
        row["query"]: Predicted(
            [tuple(each) for each in row["ranked"]],
            row["answerability"],
            row["answered"],
            row.get("cited", ()),
        )
        for row in lines
    }


def _answered(stage: Stage, chosen: QuestionSet) -> tuple[Trial, list[dict[str, Any]]]:
    """Return what a part of a set was answered with, without a model and with stand-ins that mislead."""
    trial = fabrication.trial(chosen)
    knowledge, questions, out = (
        stage.plans / f"{chosen.name}.{what}" for what in ("texts", "told", "answers")
    )
    _write(knowledge, trial.entries)
    _write(questions, [{"query": query} for query in trial.questions])
    command = [sys.executable, "manage.py", "answer_questions", str(knowledge), str(questions), str(out)]
    stages.run(stage, [*command, "--as-documents"], seconds=_MOST_SECONDS)
    return trial, fabrication.read(out.read_text(encoding="utf-8"))


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _cells(
    chosen: QuestionSet, ours: dict[str, float], theirs: dict[str, float], made_up: str, held: list[Gate]
) -> tuple[str, ...]:
    both = [f"{ours[name]:.3f} / {theirs[name]:.3f}" for name in ("R@1", "R@5", "MRR@10")]
    strangers = [
        f"{kind} {ours[f'AUROC {kind}']:.3f} / {theirs[f'AUROC {kind}']:.3f},"
        f" {ours[f'FA@5 {kind}']:.3f} / {theirs[f'FA@5 {kind}']:.3f},"
        f" {_share(ours[f'answered {kind}'], len(queries))} / {theirs[f'{kind} at our refusal']:.3f}"
        for kind, queries in chosen.negatives.items()
    ]
    wrong = [str(gate) for gate in held if not gate.met]
    verdict = f"missed: {'; '.join(wrong)}" if wrong else f"all {len(held)} met"
    asked = len(chosen.asked)
    answered = max(1, round(asked * (1 - ours["refused"])))
    alone = [f"{ours['ECE']:.3f}", _share(ours["refused"], asked), _share(ours["accuracy"], answered)]
    cited = f"{ours['cited']:.3f}" if "cited" in ours else "–"
    return (chosen.name, str(len(chosen.asked)), *both, *alone, cited, "; ".join(strangers), made_up, verdict)


def _share(share: float, count: int) -> str:
    low, high = measures.interval(share, count)
    return f"{share:.3f} ± {(high - low) / 2:.3f}"


def table(rows: list[tuple[str, ...]]) -> str:
    """Return the rows as a table."""
    lines = [_HEADS, tuple("-" * len(head) for head in _HEADS), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    sys.exit(main())
