"""How well the static scan reads published packages: `python -m research.scope_scan.accuracy`.

A call is right where a package's labels hold it. Scopes are those of the calls.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from helpers.intercom.scopes import endpoints
from helpers.scopes.usage.scan import scan
from research.scope_scan.packages import HELD_OUT, TUNED, labelled, sources_of


@dataclass(frozen=True)
class Score:
    """What was found of what there is."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: Score) -> Score:
        sums = (self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)
        return Score(*sums)

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


@dataclass(frozen=True)
class Row:
    """A package's scores, or the sum of many."""

    name: str
    calls: Score
    scopes: Score


def measured(labels: Path) -> Iterator[Row]:
    """A row for each package that can be had here."""
    for package in labelled(labels):
        with tempfile.TemporaryDirectory() as folder:
            sources = sources_of(package, Path(folder))
            found = {use.call for use in scan(sources)} if sources else None
        if found is not None:
            wanted = set(package.calls)
            yield Row(package.name, _score(found, wanted), _score(_scopes(found), _scopes(wanted)))


def total(name: str, rows: Iterable[Row]) -> Row:
    rows = tuple(rows)
    calls = sum((row.calls for row in rows), Score())
    return Row(name, calls, sum((row.scopes for row in rows), Score()))


def table(rows: Iterable[Row]) -> str:
    """Markdown."""
    head = "| | calls: precision | calls: recall | scopes: precision | scopes: recall |"
    return "\n".join((head, "|---|---|---|---|---|", *map(_line, rows)))


def _line(row: Row) -> str:
    cells = [row.name]
    for score in (row.calls, row.scopes):
        cells.append(f"{score.right} of {score.right + score.wrong}")
        cells.append(f"{score.right} of {score.right + score.missed}")
    return "| " + " | ".join(cells) + " |"


def _scopes(calls: Iterable[str]) -> set[str]:
    return {endpoints()[call].scope for call in calls}


def _score(found: set[str], wanted: set[str]) -> Score:
    return Score(len(found & wanted), len(found - wanted), len(wanted - found))


if __name__ == "__main__":
    for title, labels in (("tuned on", TUNED), ("held out", HELD_OUT)):
        rows = tuple(measured(labels))
        print(table((*rows, total(f"**all that were {title}**", rows))), end="\n\n")  # noqa: T201
