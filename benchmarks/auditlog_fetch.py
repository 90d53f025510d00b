"""How much of Intercom's rate limit a fetch of the activity log uses, beside one page at a time.

The sandbox, in a process of its own, allows what Intercom allows: 10,000 calls a minute and app. It
counts them in windows of 10 seconds, as Intercom does; `--window 2` takes shorter ones at the same
rate, `--slower 10` a tenth of the rate, for a machine that is busy. Counted is what was answered in
whole windows, without the first and the last. Prints a Markdown table.

    python -m benchmarks.auditlog_fetch [--window 10] [--windows 4] [--slower 1]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from pydantic import SecretStr

from benchmarks.sandbox_throughput import server
from helpers.auditlog.activity import fetch
from helpers.auditlog.paging import ActivityPage, PageSource, activity_pages
from helpers.auditlog.partitions import Partitions
from helpers.intercom.client import Client
from helpers.sandbox.clock import DEMO_NOW
from helpers.sandbox.seeds import DEMO

A_MINUTE = 10_000  # calls of one app
PAGE = 250
DAYS = 27  # before the sandbox's present: one month, so one run of days


@dataclass
class Counted:
    """Pages that came, by the window in which they came."""

    pages: PageSource
    window: float
    came: Counter[int] = field(default_factory=Counter)

    def __call__(self, after: int, before: int, page: int) -> ActivityPage:
        """Ask for a page, and count it."""
        found = self.pages(after, before, page)
        self.came[int(time.time() / self.window)] += 1
        return found

    def share(self, limit: int) -> float:
        """Of what was allowed in the windows between the first and the last."""
        whole = range(min(self.came) + 1, max(self.came))
        return sum(self.came[window] for window in whole) / (limit * len(whole))


def one_by_one(pages: PageSource, start: datetime, end: datetime) -> int:
    """Every page, one after the other, and nothing done with it."""
    page, total = 1, 1
    while page <= total:
        total = pages(int(start.timestamp()), int(end.timestamp()), page).total
        page += 1
    return total * PAGE


def measured(url: str, limit: int, window: float, windows: int) -> list[tuple[str, int, float]]:
    """Rows, and the share of the limit, of both ways."""
    end = DEMO_NOW - timedelta(days=2)
    start = end - timedelta(days=DAYS)
    hub = f"{url}/_hub"
    told = {"app": limit, "workspace": limit * 5 // 2, "window": window}
    httpx.put(f"{hub}/rate_limit", json=told).raise_for_status()
    period = {"oldest": int(start.timestamp()), "newest": int(end.timestamp())}
    count = {"count": limit * (windows + 1) * PAGE}
    httpx.post(f"{hub}/activity", json=period | count).raise_for_status()
    token = SecretStr(DEMO.profiles["production"].access_token)
    found = []
    with Client(token, url) as client, tempfile.TemporaryDirectory() as folder:
        fetched = Counted(activity_pages(client), window)
        rows = fetch(fetched, Partitions(Path(folder) / "activity"), start, end).rows
        found.append(("`runbook auditlog fetch`", rows, fetched.share(limit)))
        single = Counted(activity_pages(client), window)
        rows = one_by_one(single, start, end)
        found.append(("one page at a time, not kept", rows, single.share(limit)))
    return found


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--window", type=float, default=10.0)
    parser.add_argument("--windows", type=int, default=4)
    parser.add_argument("--slower", type=float, default=1.0)
    chosen = parser.parse_args()
    limit = int(A_MINUTE / 60 * chosen.window / chosen.slower)
    with server("-m", "helpers.sandbox") as port:
        found = measured(f"http://127.0.0.1:{port}", limit, chosen.window, chosen.windows)
    print("| | rows | share of the rate limit |")
    print("|---|---|---|")
    for name, rows, share in found:
        print(f"| {name} | {rows:,} | {share:.2f} |")


if __name__ == "__main__":
    main()
