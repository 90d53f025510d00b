"""Calls per second of the sandbox, compared with a bare Starlette route in the same run.

Each runs in its own process, and one client calls them alternately over kept-alive connections, so
the difference is the sandbox's own work: gate, limits, state and the size of its responses. Prints
one line of JSON: calls per second, the sandbox's share of the bare route's rate, and the seconds
from the start of each process to its first response.

    python benchmarks/sandbox_throughput.py [--calls 2000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from helpers.sandbox.seeds import DEMO

CONNECTIONS = 8
BARE = """
import socket, uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
async def me(request):
    return JSONResponse({"type": "admin"})
listener = socket.create_server(("127.0.0.1", 0), backlog=512)
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
print(f"ready at http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
app = Starlette(routes=[Route("/me", me)])
config = uvicorn.Config(app, http="h11", loop="asyncio", ws="none", lifespan="off",
                        log_config=None, access_log=False)
uvicorn.Server(config).run(sockets=[listener])
"""


@contextmanager
def server(*arguments: str) -> Iterator[int]:
    """Run a server; its port."""
    with subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        try:
            assert running.stdout is not None
            yield int(running.stdout.readline().rpartition(":")[2])
        finally:
            running.terminate()


async def call(port: int, path: str, calls: int) -> None:
    """Make calls one after the other over one connection, reading each response completely."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    token = DEMO.profiles["production"].access_token
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    for _ in range(calls):
        writer.write(request.encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200"), head
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()
    await writer.wait_closed()


def first_answer(*arguments: str) -> float:
    """Seconds from process start to the first response."""
    began = time.perf_counter()
    with server(*arguments) as port:
        asyncio.run(call(port, "/me", 1))
        return time.perf_counter() - began


async def rate(port: int, path: str, calls: int) -> float:
    """Calls a second over several connections at once."""
    share = calls // CONNECTIONS
    began = time.perf_counter()
    await asyncio.gather(*(call(port, path, share) for _ in range(CONNECTIONS)))
    return share * CONNECTIONS / (time.perf_counter() - began)


def lift_limits(port: int) -> None:
    """Measure the work, not the limit."""
    import httpx

    limit = {"app": 10**9, "workspace": 10**9, "window": 10}
    httpx.put(f"http://127.0.0.1:{port}/_hub/rate_limit", json=limit).raise_for_status()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    paths = {
        "me": "/me",
        "activity_page_of_250": "/admins/activity_logs?created_at_after=0&per_page=250",
    }
    starts: dict[str, list[float]] = {"bare": [], "sandbox": []}
    for _ in range(chosen.rounds):
        starts["bare"].append(first_answer("-c", BARE))
        starts["sandbox"].append(first_answer("-m", "helpers.sandbox"))
    with server("-c", BARE) as bare, server("-m", "helpers.sandbox") as sandbox:
        lift_limits(sandbox)
        rates: dict[str, list[float]] = {name: [] for name in ("bare", *paths)}
        for _ in range(chosen.rounds):
            rates["bare"].append(asyncio.run(rate(bare, "/me", chosen.calls)))
            for name, path in paths.items():
                rates[name].append(asyncio.run(rate(sandbox, path, chosen.calls)))
    middle = {name: statistics.median(found) for name, found in rates.items()}
    figures = {f"{name}_per_second": round(figure) for name, figure in middle.items()}
    ratios = {f"{name}_of_bare": round(middle[name] / middle["bare"], 2) for name in paths}
    seconds = {f"{k}_start_seconds": round(statistics.median(v), 2) for k, v in starts.items()}
    print(json.dumps(figures | ratios | seconds))


if __name__ == "__main__":
    main()
