"""The table of recall in docs/exposure.md: each kind of secret in each place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import groupby

import pytest

from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.scan import RepositoryScan, scan
from tests.conftest import HOME
from tests.exposure.recall import DECOYS, KINDS, PLACES, PlantedSet, planted_set

PAGE = HOME / "docs" / "exposure.md"
START, END = (
    "<!-- recall: written by tests/exposure/test_recall.py -->\n",
    "<!-- end of recall -->\n",
)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> PlantedSet:
    return planted_set(tmp_path_factory.mktemp("recall") / "repo")


@pytest.fixture(scope="module")
def scanned(planted: PlantedSet) -> RepositoryScan:
    return scan(planted.folder, Kingfisher(credentials=planted.credentials))


@pytest.fixture(scope="module")
def missed(planted: PlantedSet, scanned: RepositoryScan) -> set[tuple[str, str]]:
    found = {leak.fingerprint for leak in scanned.leaks}
    return {where for where, fingerprint in planted.expected.items() if fingerprint not in found}


def test_every_kind_of_secret_is_found_in_every_place(missed: set[tuple[str, str]]) -> None:
    assert sorted(missed) == []


def test_no_decoy_is_reported(planted: PlantedSet, scanned: RepositoryScan) -> None:
    known = set(planted.expected.values())
    extra = [
        (one.kind, one.places[0].where) for one in scanned.leaks if one.fingerprint not in known
    ]
    assert extra == []


def test_nothing_of_it_was_skipped(scanned: RepositoryScan) -> None:
    assert scanned.coverage.missed == ()


def test_the_page_shows_what_is_found(
    missed: set[tuple[str, str]], planted: PlantedSet, scanned: RepositoryScan
) -> None:
    extra = len({leak.fingerprint for leak in scanned.leaks} - set(planted.expected.values()))
    table = "".join(f"{line}\n" for line in recall_table(missed, extra))
    before, rest = PAGE.read_text("utf-8").split(START)
    shown, after = rest.split(END)
    if os.environ.get("RUNBOOK_GOLDEN") == "write":
        PAGE.write_text(f"{before}{START}{table}{END}{after}", "utf-8")
        return
    assert shown == table, "RUNBOOK_GOLDEN=write writes the table anew"


def recall_table(missed: set[tuple[str, str]], extra: int) -> Iterator[str]:
    """Yield the lines: a row for each group of places, and one for each kind of secret."""
    yield "| place | found | in |"
    yield "|---|---|---|"
    for group, places in groupby(PLACES, lambda place: place.group):
        labels = [place.label for place in places]
        found = _found([(label, kind.label) for label in labels for kind in KINDS], missed)
        yield f"| {group} | {found} | {'; '.join(labels)} |"
    yield ""
    yield "| kind | found |"
    yield "|---|---|"
    for kind in KINDS:
        yield f"| {kind.label} | {_found([(p.label, kind.label) for p in PLACES], missed)} |"
    yield f"| **all** | **{_found([(p.label, k.label) for p in PLACES for k in KINDS], missed)}** |"
    yield f"| decoys reported: {'; '.join(DECOYS)} | {extra} of {len(DECOYS)} |"
    for place, label in sorted(missed):
        yield f"| missed: {label} in {place} | |"


def _found(wanted: list[tuple[str, str]], missed: set[tuple[str, str]]) -> str:
    return f"{len(set(wanted) - missed)} of {len(wanted)}"
