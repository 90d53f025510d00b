"""Appending beside a bare write and fsync, and verifying, in one run. Arguments: records."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from helpers.auditlog.entries import LogEvent
from helpers.auditlog.log import AuditLog
from helpers.auditlog.verification import verify


def bare(folder: Path, count: int) -> float:
    line = b"x" * 400 + b"\n"
    descriptor = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    begun = time.perf_counter()
    for _ in range(count):
        os.write(descriptor, line)
        os.fsync(descriptor)
    os.close(descriptor)
    return count / (time.perf_counter() - begun)


def main() -> None:
    bulk = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        floor = bare(folder, 2000)
        with AuditLog.open(folder / "audit", folder / "state") as log:
            root = log.start_sealing()
            begun = time.perf_counter()
            for number in range(2000):
                log.append("demo.act", count=number)
            single = 2000 / (time.perf_counter() - begun)
            begun = time.perf_counter()
            log.append_many(LogEvent("demo.bulk", {"id": str(n)}) for n in range(bulk))
            many = bulk / (time.perf_counter() - begun)
        begun = time.perf_counter()
        found = verify(folder / "audit", root_keys=[root])
        rate = found.records / (time.perf_counter() - begun)
    ratio = floor / single
    print(f"bare write+fsync {floor:,.0f}/s, append {single:,.0f}/s: {ratio:.2f} x as long")
    print(f"group commit {many:,.0f}/s, verify with seals {rate:,.0f}/s ({found.verdict})")


if __name__ == "__main__":
    main()
