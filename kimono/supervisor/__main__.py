"""`python -m kimono.supervisor demo | services | exec -- COMMAND …`."""

import argparse
import contextlib
import os
import subprocess
import sys
import time

from kimono.supervisor import demo, services
from kimono.supervisor.home import Home, from_environment
from kimono.supervisor.processes import end_leftovers
from kimono.supervisor.refusals import Refused, StopAsked
from kimono.supervisor.stopping import Stopping
from kimono.supervisor.watching import Watch


def say(line: str) -> None:
    """Print a line now; a terminal that is gone is no reason to fail."""
    with contextlib.suppress(BrokenPipeError, OSError):
        print(line, flush=True)


def run_services(home: Home, stopping: Stopping) -> None:
    """Run the servers alone and print their addresses, for developers."""
    with home.made().locked():
        end_leftovers(home)
        with services.started(home, environment=os.environ, stopping=stopping) as servers:
            for name, value in servers.addresses.environment().items():
                say(f"{name}={value}")
            watch = Watch(say)
            watch.over(*servers.children)
            watch.until_asked_to_stop(stopping)


def run_command(home: Home, stopping: Stopping, command: list[str]) -> int:
    """Run a command beside the servers, with their addresses in its environment, and return its status."""
    with home.made().locked():
        end_leftovers(home)
        with services.started(home, environment=os.environ, stopping=stopping) as servers:
            environment = os.environ | servers.addresses.environment() | {"KIMONO_HOME": str(home.path)}
            try:
                # In our own session: it may be a shell that wants the terminal, and Ctrl-C is for it.
                process = subprocess.Popen(command, env=environment)
            except OSError as error:
                raise Refused(f"{command[0]} cannot be run: {error.strerror}.") from error
            try:
                while process.poll() is None:
                    stopping.pause(0.05)
            finally:
                _end(process, stopping)
            return process.returncode if process.returncode >= 0 else 128 - process.returncode


def _end(process: "subprocess.Popen[bytes]", stopping: Stopping) -> None:
    """End the command: it is asked, and killed after 15 s or at a second signal."""
    if process.poll() is None:
        process.terminate()
    until = time.monotonic() + 15
    while process.poll() is None and time.monotonic() < until and not stopping.impatient():
        time.sleep(0.02)
    process.kill()
    process.wait()


def main(arguments: list[str] | None = None) -> int:
    """Run one of the three; return 0 after a stop that was asked for, 1 with one sentence for a refusal."""
    parser = argparse.ArgumentParser(prog="python -m kimono.supervisor", description=__doc__)
    parser.add_argument("what", choices=["demo", "services", "exec"])
    parser.add_argument("command", nargs=argparse.REMAINDER, help="for exec: the command, after --")
    chosen = parser.parse_args(arguments)
    stopping = Stopping()
    stopping.listen()
    try:
        home = from_environment(dict(os.environ))
        if chosen.what == "demo":
            demo.run(home, stopping=stopping, say=say)
        elif chosen.what == "services":
            run_services(home, stopping)
        else:
            command = chosen.command[1:] if chosen.command[:1] == ["--"] else chosen.command
            if not command:
                raise Refused("exec needs a command: python -m kimono.supervisor exec -- COMMAND …")
            return run_command(home, stopping, command)
    except StopAsked:
        say("Stopped.")
        return 0
    except Refused as refusal:
        print(f"kimono: {refusal}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
