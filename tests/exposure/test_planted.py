"""Everything that was planted is found, wherever it lies; no decoy is."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.records import Leak, PlaceKind
from helpers.exposure.scan import Scanned, scan
from tests.conftest import run_git
from tests.exposure.planted import Planted, planted_repository


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return planted_repository(tmp_path_factory.mktemp("planted") / "repo")


@pytest.fixture(scope="module")
def scanned(planted: Planted) -> Scanned:
    return scan(planted.folder, Kingfisher())


def leak(scanned: Scanned, planted: Planted, place: str) -> Leak:
    return next(one for one in scanned.leaks if one.fingerprint == planted.expected[place])


def test_every_planted_secret_is_found_and_nothing_else(scanned: Scanned, planted: Planted) -> None:
    found = {one.fingerprint for one in scanned.leaks}
    missed = {place for place, mark in planted.expected.items() if mark not in found}
    extra = [one for one in scanned.leaks if one.fingerprint not in planted.expected.values()]
    assert (missed, extra) == (set(), [])


def test_intercom_rules_alone_find_the_same(scanned: Scanned, planted: Planted) -> None:
    alone = scan(planted.folder, Kingfisher(all_rules=False))
    assert [one.fingerprint for one in alone.leaks] == [one.fingerprint for one in scanned.leaks]


def test_a_clone_holds_what_came_along(planted: Planted, tmp_path: Path) -> None:
    run_git(tmp_path, "clone", "-q", "--no-local", str(planted.folder), "clone")
    found = {one.fingerprint for one in scan(tmp_path / "clone", Kingfisher()).leaks}
    came = {m for place, m in planted.expected.items() if place not in planted.only_here}
    stayed = {m for place, m in planted.expected.items() if place in planted.only_here}
    assert came <= found
    assert not stayed & found


def test_nothing_that_a_scan_tells_holds_a_secret(scanned: Scanned, planted: Planted) -> None:
    told = repr(scanned.leaks) + repr(scanned.coverage)
    assert not [value for value in planted.values if value in told or value[:40] in told]


def test_nothing_was_left_out_silently(scanned: Scanned) -> None:
    assert scanned.coverage.missed == ()


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("commit message", PlaceKind.COMMIT_MESSAGE),
        ("annotated tag", PlaceKind.TAG_MESSAGE),
        ("git note", PlaceKind.NOTE),
        ("dangling blob", PlaceKind.DANGLING),
        ("staged, then cleaned", PlaceKind.INDEX),
        ("ignored .env.local", PlaceKind.IGNORED),
        ("untracked file", PlaceKind.UNTRACKED),
        (".git/config header", PlaceKind.GIT_FOLDER),
        ("stash", PlaceKind.HISTORY),
        ("deleted branch", PlaceKind.HISTORY),
    ],
)
def test_the_kind_of_place_is_told(
    scanned: Scanned, planted: Planted, place: str, kind: PlaceKind
) -> None:
    assert [one.kind for one in leak(scanned, planted, place).places] == [kind]


def test_a_removed_secret_tells_when_it_came_and_went(scanned: Scanned, planted: Planted) -> None:
    (place,) = leak(scanned, planted, "added and removed again").places
    assert place.commit
    assert place.gone_commit
    assert place.commit != place.gone_commit
    assert place.author == "Ada <ada@example.com>"
    assert (place.at_head, place.reachable) == (False, True)


def test_a_secret_of_a_merge_is_dated_by_the_merge(scanned: Scanned, planted: Planted) -> None:
    (place,) = leak(scanned, planted, "a merge's own resolution").places
    assert planted.git("show", "-s", "--format=%s", place.commit).strip() == "merge"


def test_a_dropped_commit_is_not_reachable(scanned: Scanned, planted: Planted) -> None:
    (place,) = leak(scanned, planted, "deleted branch").places
    assert not place.reachable


def test_a_committed_file_is_one_place_not_two(scanned: Scanned, planted: Planted) -> None:
    (place,) = leak(scanned, planted, "JS").places
    assert (place.kind, place.path, place.line, place.at_head) == (
        PlaceKind.HISTORY,
        "src/config.js",
        1,
        True,
    )


def test_the_cell_and_the_member_are_told(scanned: Scanned, planted: Planted) -> None:
    output = leak(scanned, planted, "notebook JSON output").places[0]
    member = leak(scanned, planted, "tar.gz inside zip").places[0]
    assert (output.path, output.inner) == ("book.ipynb", "cell 1, output 2")
    assert member.inner == "backup.tar.gz!gz!dump.sql"


def test_a_path_with_control_characters_is_spelled_out(scanned: Scanned, planted: Planted) -> None:
    place = leak(scanned, planted, "a path with a newline and an escape").places[0]
    assert place.path == "note\\n\\x1b[31m.txt"
