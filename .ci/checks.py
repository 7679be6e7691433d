"""Runs the linters beside the tests: their lines first, then the tests', so that the last line is pytest's summary.

Usage: checks.py [--lint-only] [--workers N] [TESTS …]. Standard library only. Status 1 when anything failed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any

CHECKOUT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

# pytest's own status for "ran, and some failed".
TESTS_FAILED = 1
MOST_REPEATED = 25
APPS = ["kimono", "tenants", "knowledge", "conversations", "agents", "opsconsole"]
LINTERS: dict[str, list[str]] = {
    "ruff check": [str(BIN / "ruff"), "check", "--quiet", "."],
    "ruff format": [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    "import contracts": [str(BIN / "lint-imports"), "--no-logo"],
    "templates": [str(BIN / "djlint"), "--check", "--lint", "templates"],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run", "--verbosity", "1"],
    "types": [str(BIN / "mypy"), *APPS],
}


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def start_tests(arguments: argparse.Namespace, output: Any) -> subprocess.Popen[bytes]:
    """Start pytest with its output in a file, which is read from its beginning once the linters are done."""
    workers = (
        ["-n", str(arguments.workers), "--dist", "loadfile", "--no-loadscope-reorder"]
        if arguments.workers > 1
        else []
    )
    command = [sys.executable, "-m", "pytest", "-m", "not soak", "--cache-clear", *workers, *arguments.tests]
    return subprocess.Popen(command, cwd=CHECKOUT, stdout=output, stderr=subprocess.STDOUT)


def lint() -> list[str]:
    """Run every linter, print what it says where it fails, and return the names of those that did."""
    failed = []
    for name, command in LINTERS.items():
        if name == "templates" and not any(CHECKOUT.glob("templates/**/*.html")):
            continue
        begun = time.monotonic()
        done = subprocess.run(
            command,
            cwd=CHECKOUT,
            env=os.environ | {"KIMONO_PROFILE": "test"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        say(f"{'ok    ' if not done.returncode else 'FAILED'} {name} ({time.monotonic() - begun:.0f} s)")
        if done.returncode:
            failed.append(name)
            say(done.stdout)
    return failed


def follow(tests: subprocess.Popen[bytes], output: IO[bytes]) -> None:
    """Print a file from its beginning until the process that writes it has ended."""
    while True:
        ended = tests.poll() is not None
        if chunk := output.read():
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
        elif ended:
            return
        else:
            time.sleep(0.2)


def once_more_alone(status: int) -> int:
    """Run the tests that failed once more, one after another, and return the status that counts.

    Real servers, browsers and killed workers share few cores here: what fails beside others and passes alone is
    named, not hidden. More than `MOST_REPEATED` failures are no accident and are not tried again.
    """
    record = CHECKOUT / ".pytest_cache" / "v" / "cache" / "lastfailed"
    if status != TESTS_FAILED or not record.exists():
        return status
    names = sorted(json.loads(record.read_text()))
    if not names or len(names) > MOST_REPEATED:
        return status
    say(f"\n{len(names)} failed beside others; once more, alone: " + ", ".join(names))
    command = [sys.executable, "-m", "pytest", "-m", "not soak", "-p", "no:randomly", "--last-failed"]
    return subprocess.run([*command, "--last-failed-no-failures=none"], cwd=CHECKOUT, check=False).returncode


def main() -> int:
    """Run the checks that were asked for and return the status of the process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lint-only", action="store_true")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("tests", nargs="*")
    arguments = parser.parse_args()
    if arguments.lint_only:
        return 1 if lint() else 0
    with tempfile.NamedTemporaryFile(prefix="kimono-tests-") as written, open(written.name, "rb") as output:
        tests = start_tests(arguments, written)
        try:
            failed = lint()
            if failed:
                say(f"FAILED: {', '.join(failed)}. The tests follow.")
            follow(tests, output)
        except KeyboardInterrupt:
            tests.wait()
            follow(tests, output)
            return 130
    status = once_more_alone(tests.returncode)
    return 1 if failed or status else 0


if __name__ == "__main__":
    sys.exit(main())
