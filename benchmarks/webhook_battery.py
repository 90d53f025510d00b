"""How long the battery takes compared with as many bare requests to the same receiver.

The receivers run in a process of their own. A bare request is a genuine delivery whose bytes are
made beforehand; the leanest client sends it over a connection of its own and reads until the end,
one after the other and eight at once. Prints a table: seconds, the fastest of the rounds, and how
many times as long; then the whole command from nothing to its exit.

    python benchmarks/webhook_battery.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final
from unittest.mock import patch

from helpers.webhooks.action import run_battery
from helpers.webhooks.records import CaseOutcome
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.signatures import WEBHOOK, sign
from helpers.webhooks.target import Target, parse_target
from helpers.webhooks.wire import send

SECRET: Final = "benchmark-secret-of-nobody"
AT_ONCE: Final = 8
PYTHON: Final = """
import sys
from helpers.sandbox.receivers import start_receivers
with start_receivers(sys.argv[1]) as receivers:
    print(receivers.sound_url, flush=True)
    sys.stdin.read()
"""
STARLETTE: Final = """
import hashlib, hmac, json, socket, sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
async def receive(request):
    if request.method == "HEAD":
        return Response()
    body = await request.body()
    right = "sha1=" + hmac.new(sys.argv[1].encode(), body, hashlib.sha1).hexdigest()
    claims = request.headers.getlist("X-Hub-Signature")
    if len(claims) != 1 or not hmac.compare_digest(claims[0].encode(), right.encode()):
        return Response(status_code=401)
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return Response(status_code=400)
    return Response()
listener = socket.create_server(("127.0.0.1", 0), backlog=512)
print(f"http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
app = Starlette(routes=[Route("/", receive, methods=["POST", "HEAD"])])
config = uvicorn.Config(app, http="h11", loop="asyncio", ws="none", lifespan="off", log_config=None)
uvicorn.Server(config).run(sockets=[listener])
"""
RECEIVERS: Final = {"http.server": PYTHON, "Starlette on uvicorn": STARLETTE}


@contextmanager
def receiver(source: str) -> Iterator[str]:
    """Run a receiver; its URL."""
    with subprocess.Popen(
        [sys.executable, "-c", source, SECRET],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        try:
            assert running.stdout is not None
            yield running.stdout.readline().strip()
        finally:
            running.terminate()


def run(target: Target) -> None:
    result = run_battery(target, RequestBuilder(WEBHOOK, SECRET.encode()))
    assert result.control is CaseOutcome.PASS
    assert result.count(CaseOutcome.FAIL) == 0


def requests_of(target: Target) -> int:
    """How many requests one run makes."""
    with patch("helpers.webhooks.battery.send", wraps=send) as counted:
        run(target)
    return counted.call_count


def bare(target: Target, count: int, at_once: int) -> None:
    body = RequestBuilder(WEBHOOK, SECRET.encode()).body("bare")
    head = (
        f"POST {target.path} HTTP/1.1\r\nHost: {target.authority}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nX-Hub-Signature: {sign(SECRET, body)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    request = head.encode() + body

    def one(_: int) -> None:
        with socket.create_connection((target.host, target.port)) as connection:
            connection.sendall(request)
            seen = connection.recv(65_536)
            assert seen.startswith(b"HTTP/1.1 200"), seen
            while connection.recv(65_536):
                pass

    if at_once == 1:
        for number in range(count):
            one(number)
        return
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, range(count)))


def command(url: str) -> None:
    environ = {**os.environ, "INTERCOM_CLIENT_SECRET": SECRET}
    line = [sys.executable, "-m", "helpers.cli", "webhook", "test", url, "--profile", "development"]
    with tempfile.TemporaryDirectory() as elsewhere:  # the runbook's own clone is no repository
        subprocess.run(line, cwd=elsewhere, env=environ, check=True, capture_output=True)


def seconds(tried: Callable[[], None]) -> float:
    begun = time.perf_counter()
    tried()
    return time.perf_counter() - begun


def row(name: str, url: str, rounds: int) -> str:
    target = parse_target(url)
    count = requests_of(target)
    ways: dict[str, Callable[[], None]] = {
        "battery": lambda: run(target),
        "one": lambda: bare(target, count, 1),
        "eight": lambda: bare(target, count, AT_ONCE),
        "command": lambda: command(url),
    }
    found: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, tried in ways.items():
            found[way].append(seconds(tried))
    middle = {way: min(times) for way, times in found.items()}
    cells = [name, str(count), f"{middle['battery']:.2f} s"]
    for way in ("one", "eight"):
        cells += [f"{middle[way]:.2f} s", f"{middle['battery'] / middle[way]:.1f} x"]
    cells.append(f"{middle['command']:.2f} s")
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print(
        "| Receiver | Requests | Battery | As many bare, one by one | | Eight at once | "
        "| The whole command |\n|---|---|---|---|---|---|---|---|"
    )
    for name, source in RECEIVERS.items():
        with receiver(source) as url:
            print(row(name, url, rounds), flush=True)


if __name__ == "__main__":
    main()
