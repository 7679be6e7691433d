"""`manage.py answer_questions KNOWLEDGE QUESTIONS ANSWERS`: what chat says, for whoever checks it against its sources."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from kimono.providers.standin.modes import Mode
from knowledge.management.bars import Bar
from knowledge.services import answer_trials, fitting, trials
from tenants.services import scratch

_MISLEADING = (
    Mode.INVENTS,
    Mode.DISTORTS,
    Mode.OBEYS,
    Mode.WRONG_CITATIONS,
    Mode.NO_CITATIONS,
)


class Command(BaseCommand):
    """Index a file of knowledge in a tenant that is thrown away, and answer every question of a file as chat does."""

    help = (
        "Index KNOWLEDGE (JSONL: id, question, similar, answer) in a throw-away merchant, answer every line of QUESTIONS"
        " (JSONL: query) as chat does, without a model and with stand-ins that mislead, and write the answers to ANSWERS."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the three files, and by whom to be answered."""
        for name in ("knowledge", "questions", "answers"):
            parser.add_argument(name, type=Path)
        parser.add_argument(
            "--as-documents", action="store_true", help="upload every entry as a text file of its own"
        )
        names = [answer_trials.NONE, *(str(mode) for mode in _MISLEADING)]
        parser.add_argument("--models", nargs="+", choices=names, default=names[:3])

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it, with a bar on the error output."""
        entries = trials.read(options["knowledge"])
        questions = list(dict.fromkeys(row["query"] for row in trials.read(options["questions"])))
        with scratch.tenant(), options["answers"].open("w", encoding="utf-8") as out:
            if options["as_documents"]:
                named = trials.add_documents(entries, told=Bar("indexing").show)
            else:
                named = trials.add_pairs(entries)
            fitting.fit()
            params = trials.params_of("fused")
            for model in options["models"]:
                told = Bar(model).show
                for given in answer_trials.ask(questions, model=model, named=named, params=params, told=told):
                    out.write(given.line() + "\n")
