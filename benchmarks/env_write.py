"""One value of an env file: the runbook's splice beside `dotenv.set_key`, in one run.

The splice pays for what set_key leaves out: two fsyncs, a lock, a parse before and after, a read
back. Run: `python benchmarks/env_write.py [WRITES]`.
"""

from __future__ import annotations

import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from dotenv import set_key

from helpers.rotation.stores import durable
from helpers.rotation.stores.envfile import splice

VARIABLE = "INTERCOM_ACCESS_TOKEN"


def ours(path: Path, value: str) -> None:
    durable.replace(path, partial(splice, variable=VARIABLE, value=value))


def theirs(path: Path, value: str) -> None:
    set_key(path, VARIABLE, value, quote_mode="never")


def measure(write: Callable[[Path, str], None], writes: int) -> float:
    """The median of so many writes, in milliseconds."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        path = Path(folder) / ".env"
        path.write_text("".join(f"KEY_{n}=value {n}\n" for n in range(30)) + f"{VARIABLE}=old\n")
        times = []
        for _ in range(writes):
            value = secrets.token_hex(30)
            start = time.perf_counter()
            write(path, value)
            times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def main() -> None:
    writes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    floor, found = measure(theirs, writes), measure(ours, writes)
    print("| Writer of one value | Median | Ratio |\n|---|---|---|")
    print(f"| `dotenv.set_key` | {floor:.2f} ms | 1 |")
    print(f"| the runbook's splice | {found:.2f} ms | {found / floor:.1f} |")


if __name__ == "__main__":
    main()
