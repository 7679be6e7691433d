"""`manage.py rank_questions KNOWLEDGE QUESTIONS PREDICTIONS`: what search finds, for whoever measures it."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kimono import providers
from kimono.providers.config import ConfigError, EmbeddingEndpoint, ProvidersConfig
from knowledge.management.bars import Bar
from knowledge.services import fitting, trials
from tenants.services import scratch


class Command(BaseCommand):
    """Index a file of knowledge in a tenant that is thrown away, ask every question of a file, and write what is found."""

    help = (
        "Index KNOWLEDGE (JSONL: id, question, similar, answer) in a throw-away merchant, ask every line of QUESTIONS"
        " (JSONL: query) through the search of chat, and write the ten best of each, with their scores, to PREDICTIONS."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the three files and how to search."""
        for name in ("knowledge", "questions", "predictions"):
            parser.add_argument(name, type=Path)
        parser.add_argument(
            "--as-documents", action="store_true", help="upload every entry as a text file of its own"
        )
        parser.add_argument("--embedder", help="a sentence encoder in this process, by name or folder")
        parser.add_argument("--leg", choices=["fused", "dense", "lexical"], default="fused")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run it, with a bar on the error output."""
        if options["embedder"]:
            _install(options["embedder"])
        entries = trials.read(options["knowledge"])
        questions = list(dict.fromkeys(row["query"] for row in trials.read(options["questions"])))
        began = time.monotonic()
        try:
            self._run(entries, questions, options)
        except trials.Degraded as error:
            raise CommandError(f"the encoder failed: {error}") from error
        self.stdout.write(
            f"{len(questions)} questions against {len(entries)} entries in {time.monotonic() - began:.0f} s"
        )

    def _run(self, entries: list[dict[str, Any]], questions: list[str], options: dict[str, Any]) -> None:
        with scratch.tenant():
            if options["as_documents"]:
                named = trials.add_documents(entries, told=Bar("indexing").show)
            else:
                named = trials.add_pairs(entries)
            # As the worker does when a merchant's knowledge has come to rest.
            fitting.fit()
            params = trials.params_of(options["leg"])
            asked = trials.ask(questions, named=named, params=params, told=Bar("asking").show)
            with options["predictions"].open("w", encoding="utf-8") as out:
                for prediction in asked:
                    out.write(prediction.line() + "\n")


def _install(name: str) -> None:
    endpoint = EmbeddingEndpoint(provider="local", base_url="local:", model=name, batch=64)
    try:
        providers.install(ProvidersConfig(embedding=endpoint))
    except ConfigError as error:
        raise CommandError(str(error)) from error
    providers.warm_up()
