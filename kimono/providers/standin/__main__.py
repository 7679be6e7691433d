"""Run the stand-in: `python -m kimono.providers.standin --port 0 --mode ok`; the address is the first line printed."""

import argparse
import sys

from kimono.providers.standin.modes import Mode
from kimono.providers.standin.server import base_url_of, listening_socket, new_server
from kimono.providers.standin.state import State


def main() -> None:
    """Serve until interrupted or terminated."""
    parser = argparse.ArgumentParser(prog="python -m kimono.providers.standin", description=__doc__)
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; this machine only by default"
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument(
        "--mode", type=Mode, choices=list(Mode), default=Mode.OK, metavar="MODE", help=", ".join(Mode)
    )
    parser.add_argument("--token-delay", type=float, default=0.0, help="seconds between tokens")
    options = parser.parse_args()
    listener = listening_socket(options.host, options.port)
    sys.stdout.write(f"standin {base_url_of(listener)}\n")
    sys.stdout.flush()
    new_server(State(options.mode, token_delay=options.token_delay)).run([listener])


if __name__ == "__main__":
    main()
