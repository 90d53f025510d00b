"""Intercom's activity log at size: into Parquet, all questions, beside plain Python in one run.

Arguments: numbers of rows (default 1000000; `1000000 10000000` takes about ten minutes). The rows
lie on the disk as pages of 250, as Intercom gives them. Each part runs in a process of its own, so
that its peak memory is its own. Plain Python reads the pages once and answers four of the
questions: failures then success, off hours, first-seen address, exports. Prints a Markdown table.
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
from typing import Any

from helpers.auditlog.activity_rows import problem_of
from helpers.auditlog.partitions import Partitions
from helpers.auditlog.questions import QuestionParameters, ask, questions
from helpers.intercom.activity_types import activity_types

START = datetime(2025, 3, 1, tzinfo=UTC)
DAYS = 365
PERIOD = 30  # days that are asked about; the rest of the year is the baseline
PAGE = 250  # the most that Intercom gives
KEEP_EVERY = 100  # pages, as a fetch does

Measure = tuple[float, float, str]  # seconds, MiB at the peak, what came of it


def row(number: int, count: int, draw: random.Random, kinds: list[str]) -> str:
    """A made-up row: 200 teammates, mostly from addresses of their own."""
    who = draw.randrange(200)
    tail = draw.randrange(250) if draw.random() < 0.001 else 1  # noqa: PLR2004 (one in a thousand)
    moment = int(START.timestamp()) + DAYS * 86_400 * number // count
    told = draw.getrandbits(64)
    return (
        f'{{"id":"{draw.getrandbits(64):016x}","performed_by":{{"type":"admin","id":"{who}",'
        f'"email":"person-{who}@example.com","ip":"198.51.{who}.{tail}"}},"metadata":{{"message":'
        f'"Person {who} changed setting {told:016x}","before":"{told % 997}","after":'
        f'{{"title":"Title {told % 1009}","team":{who % 12}}}}},"created_at":{moment},'
        f'"activity_type":"{draw.choice(kinds)}","activity_description":'
        f'"Person {who} did something to the thing {told % 100_003}"}}'
    )


def write(file: Path, count: int) -> None:
    """The pages, one a line, oldest first: what both parts read."""
    draw = random.Random(7)
    kinds = ["admin_login_success"] * 20 + ["admin_login_failure"] * 3 + sorted(activity_types())
    with file.open("w", encoding="ascii") as stream:
        for first in range(0, count, PAGE):
            rows = (row(n, count, draw, kinds) for n in range(first, min(first + PAGE, count)))
            stream.write(f'{{"activity_logs":[{",".join(rows)}]}}\n')


def pages(file: Path) -> Iterator[list[dict[str, Any]]]:
    """The pages, as the client hands them on."""
    with file.open(encoding="ascii") as stream:
        for line in stream:
            yield json.loads(line)["activity_logs"]


def ingest(file: Path) -> str:
    """As a fetch does it, without waiting for Intercom."""
    kept = Partitions(file.parent / "activity")
    with kept.ingest() as writer:
        for number, items in enumerate(pages(file), 1):
            writer.add(item for item in items if not problem_of(item))
            if number % KEEP_EVERY == 0:
                writer.flush()
    with kept.reading() as files:
        size = sum(f.stat().st_size for f in files)
    return f"Parquet takes {size / file.stat().st_size:.2f} of the JSON's size"


def inquire(file: Path) -> str:
    """Every question, to the last 30 days against the year."""
    end = START + timedelta(days=DAYS)
    parameters = QuestionParameters(
        end - timedelta(days=PERIOD), end, tuple(map(str, range(190))), {}
    )
    with Partitions(file.parent / "activity").reading() as files:
        summary, answers = ask(files, parameters)
    return f"{len(answers)} questions, {summary.rows:,} rows in the period"


def plainly(file: Path) -> str:
    """One pass in plain Python, four questions."""
    since = (START + timedelta(days=DAYS - PERIOD)).timestamp()
    seen: set[tuple[str, str]] = set()
    failed: defaultdict[str, int] = defaultdict(int)
    found = 0
    for items in pages(file):
        for item in items:
            kind, by = item["activity_type"], item["performed_by"]
            hour = datetime.fromtimestamp(item["created_at"], UTC).hour
            new = (by["email"], by["ip"]) not in seen
            seen.add((by["email"], by["ip"]))
            guessed = kind == "admin_login_success" and failed[by["id"]] > 2  # noqa: PLR2004
            failed[by["id"]] = failed[by["id"]] + 1 if kind == "admin_login_failure" else 0
            told = (not 7 <= hour < 20) + new + guessed + ("export" in kind)  # noqa: PLR2004 (the policy's default hours)
            found += told if item["created_at"] >= since else 0
    return f"4 questions, {found:,} answers"


def measured(part: Callable[[Path], str], file: Path) -> Measure:
    """A part, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found: Measure = pool.apply(run, (part, file))
    seconds, peak, said = found
    print(f"  {part.__name__}: {seconds:.1f} s, {peak:.0f} MiB; {said}", file=sys.stderr)
    return found


def run(part: Callable[[Path], str], file: Path) -> Measure:
    """Within the process."""
    begun = time.perf_counter()
    said = part(file)
    spent = time.perf_counter() - begun
    return spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, said


def compared(count: int) -> str:
    """Measure one size; a row of the table."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "pages.jsonl"
        write(file, count)
        size = file.stat().st_size / count
        print(f"{count:,} rows of {size:.0f} bytes", file=sys.stderr)
        kept, asked, plain = (measured(part, file) for part in (ingest, inquire, plainly))
    cells = [f"{part[0]:.1f} s, {part[1]:.0f} MiB" for part in (kept, asked, plain)]
    ratios = [f"{kept[0] / plain[0]:.2f}", f"{asked[0] / plain[0]:.2f}"]
    return " | ".join([f"{count:,}", *cells, *ratios])


def main() -> None:
    """Measure each size, and print the table."""
    sizes = [int(text) for text in sys.argv[1:]] or [1_000_000]
    rows = [compared(count) for count in sizes]
    print(
        f"| rows | into Parquet, once | all {len(questions())} questions "
        "| plain Python, 4 questions | Parquet / Python | questions / Python |"
    )
    print("|---|---|---|---|---|---|")
    for told in rows:
        print(f"| {told} |")


if __name__ == "__main__":
    main()
