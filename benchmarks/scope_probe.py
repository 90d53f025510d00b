"""One token's whole probe, beside the same calls one after the other, and with a far-off Intercom.

All against one sandbox in a process of its own, in turns. `delay` stands for the way to a real
service: every answer waits that long. Prints a table.

    python benchmarks/scope_probe.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
from pydantic import SecretStr

from helpers.intercom.client import Client
from helpers.sandbox.seeds import DEMO
from helpers.scopes import probes
from helpers.scopes.probes import READ_PROBES, WRITE_PROBES, probe_reads, probe_writes

DELAYS = (0, 50)  # milliseconds


@contextmanager
def sandbox() -> Iterator[str]:
    """The address of the demo's workspace."""
    command = [sys.executable, "-m", "helpers.cli", "sandbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            lines = iter(running.stdout.readline, "")
            yield next(li for li in lines if li.startswith("INTERCOM_BASE_URL=")).strip()[18:]
        finally:
            running.terminate()


def timed(url: str, probe: Callable[[Client], object], at_once: int) -> float:
    """Seconds that a probe takes, with a client of its own."""
    probes.__dict__["_AT_ONCE"] = at_once
    token = SecretStr(DEMO.profiles["production"].access_token)
    with Client(token, url, acts=["write_probes"]) as client:
        begin = time.perf_counter()
        probe(client)
        return time.perf_counter() - begin


def measure(url: str, rounds: int, delay: int) -> str:
    """A row: reads at once, reads one by one, the ratio, and the writes."""
    with httpx.Client(trust_env=False) as http:
        fault = {"kind": "latency", "seconds": delay / 1000}
        if delay:
            http.post(f"{url}/_hub/faults", json=fault).raise_for_status()
        several, single, writes = [], [], []
        for _ in range(rounds):
            several.append(timed(url, probe_reads, 8))
            single.append(timed(url, probe_reads, 1))
            writes.append(timed(url, probe_writes, 8))
        http.delete(f"{url}/_hub/faults")
    cells = [statistics.median(times) for times in (several, single, writes)]
    ratio = statistics.median(a / b for a, b in zip(several, single, strict=True))
    return f"| {delay} ms | {cells[0]:.2f} s | {cells[1]:.2f} s | {ratio:.2f} | {cells[2]:.2f} s |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    head = f"| answers wait | {len(READ_PROBES)} reads, eight at once | one by one | ratio |"
    print(head, f"{len(WRITE_PROBES)} writes, one by one |")
    print("|---|---|---|---|---|")
    with sandbox() as url:
        for delay in DELAYS:
            print(measure(url, rounds, delay))


if __name__ == "__main__":
    main()
