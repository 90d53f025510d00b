"""Which fetched days are complete, and which files hold their rows.

`coverage.json` lists both, by month. Every file is listed with its SHA-256, and a file that is not
listed, is gone or has other content counts for nothing: then no day of its month is complete, and
all of them are fetched again. So a day can't count as complete without its rows.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from helpers.system.files import write_private

__all__ = ["Coverage", "Month", "sha256_of"]

_FILE: Final = "coverage.json"
_NAME: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])\.\d{6}\.parquet")


@dataclass
class Month:
    """The files of a month with their SHA-256, oldest first, and its complete days."""

    files: dict[str, str] = field(default_factory=dict)
    days: set[date] = field(default_factory=set)


@dataclass
class Coverage:
    """What one folder holds, by month (`YYYY-MM`)."""

    months: dict[str, Month] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Coverage:
        """Read it, without the months whose files are not as they were written."""
        try:
            stored = json.loads((folder / _FILE).read_text("utf-8"))
            found = {str(name): _month(name, value) for name, value in stored["months"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls()  # everything is fetched again
        return cls({name: month for name, month in found.items() if _as_written(folder, month)})

    def write(self, folder: Path) -> None:
        """Replace the file. Raises OSError if the disk refuses."""
        months = {
            name: {"files": month.files, "days": sorted(day.isoformat() for day in month.days)}
            for name, month in sorted(self.months.items())
        }
        write_private(folder / _FILE, json.dumps({"months": months}))

    def month(self, name: str) -> Month:
        """A month, which is empty if nothing was fetched of it."""
        return self.months.setdefault(name, Month())

    @property
    def days(self) -> frozenset[date]:
        """The complete days."""
        return frozenset(day for month in self.months.values() for day in month.days)

    @property
    def files(self) -> list[str]:
        """The names of the files, by month."""
        return [name for _, month in sorted(self.months.items()) for name in month.files]

    def complete(self, days: Iterable[date]) -> None:
        """Mark days as complete. Their rows must already be in a file."""
        for day in days:
            self.month(day.strftime("%Y-%m")).days.add(day)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, hexadecimal. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _month(name: str, value: Any) -> Month:
    """One month as it is stored. Raises what a wrong shape raises."""
    month = Month(dict(value["files"]), {date.fromisoformat(day) for day in value["days"]})
    for file, digest in month.files.items():
        if not _NAME.fullmatch(file) or file[:7] != name or not isinstance(digest, str):
            raise ValueError(file)
    if {day.strftime("%Y-%m") for day in month.days} - {name}:
        raise ValueError(name)
    return month


def _as_written(folder: Path, month: Month) -> bool:
    """Whether every file is there with its content; days without any file have lost theirs."""
    try:
        return bool(month.files) and all(
            sha256_of(folder / name) == digest for name, digest in month.files.items()
        )
    except OSError:
        return False
