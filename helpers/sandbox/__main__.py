"""`python -m helpers.sandbox`: the sandbox as a process of its own."""

from __future__ import annotations

import argparse

from helpers.sandbox.clock import DEMO_NOW
from helpers.sandbox.server import address, application, listen, serve


def main() -> None:
    """Print one line when ready; stop on SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m helpers.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 (the default) picks a free port")
    parser.add_argument("--live", action="store_true", help="use the current time")
    chosen = parser.parse_args()
    clock = None if chosen.live else DEMO_NOW
    with listen(chosen.port) as listener:
        print(f"sandbox ready at {address(listener)}", flush=True)  # noqa: T201 - the interface
        serve(listener, application(clock))


if __name__ == "__main__":
    main()
