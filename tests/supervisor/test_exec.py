"""`exec`: a command beside the servers."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tests.journeys.calling import eventually
from tests.supervisor.conftest import Supervisor, processes_of

Supervise = Callable[..., Supervisor]


def test_the_command_gets_the_addresses_and_its_status_comes_back(supervise: Supervise, home: Path) -> None:
    code = "import os; print(os.environ['DATABASE_URL']); print(os.environ['REDIS_URL']); raise SystemExit(7)"
    supervisor = supervise("exec", "--", sys.executable, "-c", code)
    assert supervisor.wait() == 7
    assert supervisor.lines == [
        f"postgresql://kimono_app@/kimono?host={home}/run&port=5432",
        f"unix://{home}/run/redis.sock?db=0",
    ]
    assert processes_of(home) == []


def test_term_ends_the_command_and_the_servers(supervise: Supervise, home: Path) -> None:
    code = "import time; print('up', flush=True); time.sleep(600)"
    supervisor = supervise("exec", "--", sys.executable, "-c", code, str(home))
    supervisor.line("up")
    assert supervisor.stop() == 0
    assert processes_of(home) == []


def test_a_missing_command_is_one_sentence(supervise: Supervise) -> None:
    supervisor = supervise("exec", "--", "no-such-command-anywhere")
    assert supervisor.wait() == 1
    assert supervisor.lines == ["kimono: no-such-command-anywhere cannot be run: No such file or directory."]


def test_a_second_signal_does_not_wait(supervise: Supervise, home: Path) -> None:
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    supervisor = supervise("exec", "--", sys.executable, "-c", code, str(home))
    supervisor.line("up")
    supervisor.process.send_signal(signal.SIGTERM)
    supervisor.process.send_signal(signal.SIGINT)
    assert supervisor.wait(seconds=10) == 0
    # PostgreSQL's own processes are in groups of their own: they go by themselves once their first one was killed.
    eventually(lambda: not processes_of(home), wanted="an end of all processes")
