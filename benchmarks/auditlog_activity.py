"""Intercom's activity log at size: into Parquet, all questions, beside plain Python in one run.

Arguments: rows (default 1,000,000; 10000000 for ten million). Each part runs in a process of its
own, so that its peak memory is its own. Plain Python reads the same rows as JSON lines, once, and
answers four of the questions: failures then success, off hours, first-seen address, exports.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from helpers.auditlog.partitions import Partitions
from helpers.auditlog.questions import Inquiry, ask, known_types, questions

START = datetime(2025, 3, 1, tzinfo=UTC)
DAYS = 365


def rows(count: int) -> Iterator[dict[str, str]]:
    """Made-up rows, oldest first: 200 teammates, mostly from addresses of their own."""
    draw = random.Random(7)
    kinds = ["admin_login_success"] * 20 + ["admin_login_failure"] * 3 + sorted(known_types())
    for number in range(count):
        who = draw.randrange(200)
        tail = draw.randrange(250) if draw.random() < 0.001 else 1  # noqa: PLR2004 (one in a thousand)
        yield {
            "id": f"row-{number}",
            "happened": (START + timedelta(days=DAYS) * (number / count)).strftime(
                "%Y-%m-%dT%H:%M:%S"
            ),
            "activity": draw.choice(kinds),
            "actor": f"person-{who}@example.com",
            "admin_id": str(who),
            "ip": f"198.51.{who}.{tail}",
            "detail": "did something to something",
            "metadata": "{}",
        }


def write(folder: Path, count: int) -> None:
    """The rows as JSON lines, a file a month: what both parts read."""
    files = {}
    for row in rows(count):
        month = row["happened"][:7]
        if month not in files:
            files[month] = (folder / f"{month}.jsonl").open("w", encoding="utf-8")
        files[month].write(json.dumps(row) + "\n")
    for file in files.values():
        file.close()


def ingest(folder: Path) -> str:
    """As the fetch does it: a month at a time."""
    kept = Partitions(folder / "activity")
    for file in sorted(folder.glob("*.jsonl")):
        with file.open(encoding="utf-8") as stream:
            kept.add(map(json.loads, stream), ())
    size = sum(f.stat().st_size for f in kept.files())
    return f"{size / sum(f.stat().st_size for f in folder.glob('*.jsonl')):.3f} of the JSON's size"


def inquire(folder: Path) -> str:
    """Every question, to the last 30 days against the year."""
    end = START + timedelta(days=DAYS)
    inquiry = Inquiry(end - timedelta(days=30), end, tuple(map(str, range(190))), {})
    summary, answers = ask(Partitions(folder / "activity").files(), inquiry)
    return f"{len(answers)} questions, {summary.rows} rows in the period"


def plainly(folder: Path) -> str:
    """One pass in plain Python, four questions."""
    since = (START + timedelta(days=DAYS - 30)).strftime("%Y-%m-%dT%H:%M:%S")
    seen: set[tuple[str, str]] = set()
    failed: defaultdict[str, int] = defaultdict(int)
    found = 0
    for file in sorted(folder.glob("*.jsonl")):
        with file.open(encoding="utf-8") as stream:
            for row in map(json.loads, stream):
                kind, actor = row["activity"], row["actor"]
                moment = datetime.fromisoformat(row["happened"])
                odd = not 7 <= moment.hour < 20  # noqa: PLR2004 (the policy's default hours)
                new = (actor, row["ip"]) not in seen
                seen.add((actor, row["ip"]))
                guessed = kind == "admin_login_success" and failed[actor] > 2  # noqa: PLR2004
                failed[actor] = failed[actor] + 1 if kind == "admin_login_failure" else 0
                told = odd + new + guessed + ("export" in kind)
                found += told if row["happened"] >= since else 0
    return f"4 questions, {found} answers"


def measured(part: Callable[[Path], str], folder: Path) -> tuple[float, float]:
    """Seconds and MiB at the peak, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        seconds, peak, said = pool.apply(run, (part, folder))
    print(f"{part.__name__}: {seconds:.2f} s, {peak:.0f} MiB at the peak; {said}")
    return seconds, peak


def run(part: Callable[[Path], str], folder: Path) -> tuple[float, float, str]:
    """Within the process."""
    begun = time.perf_counter()
    said = part(folder)
    spent = time.perf_counter() - begun
    return spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, said


def main() -> None:
    """Measure, and tell the ratios."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, count)
        print(f"{count:,} rows")
        kept, asked, plain = (measured(part, folder) for part in (ingest, inquire, plainly))
    print(f"ingest takes {kept[0] / plain[0]:.2f} x one pass in plain Python")
    print(f"all {len(questions())} questions take {asked[0] / plain[0]:.2f} x that pass")


if __name__ == "__main__":
    main()
