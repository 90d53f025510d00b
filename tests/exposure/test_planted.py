"""Every planted secret is found, wherever it is; no decoy is."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.records import LeakedSecret, PlaceKind
from helpers.exposure.scan import RepositoryScan, scan
from tests.conftest import run_git
from tests.exposure.planted import Planted, planted_repository


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return planted_repository(tmp_path_factory.mktemp("planted") / "repo")


@pytest.fixture(scope="module")
def scanned(planted: Planted) -> RepositoryScan:
    return scan(planted.folder, Kingfisher())


def leak(scanned: RepositoryScan, planted: Planted, place: str) -> LeakedSecret:
    return next(one for one in scanned.leaks if one.fingerprint == planted.expected[place])


def test_every_planted_secret_is_found_and_nothing_else(
    scanned: RepositoryScan, planted: Planted
) -> None:
    found = {one.fingerprint for one in scanned.leaks}
    missed = {place for place, fingerprint in planted.expected.items() if fingerprint not in found}
    extra = [one for one in scanned.leaks if one.fingerprint not in planted.expected.values()]
    assert (missed, extra) == (set(), [])


def test_intercom_rules_only_find_the_same(scanned: RepositoryScan, planted: Planted) -> None:
    found = scan(planted.folder, Kingfisher(all_rules=False))
    assert [one.fingerprint for one in found.leaks] == [one.fingerprint for one in scanned.leaks]


def test_a_clone_holds_only_what_git_copies(planted: Planted, tmp_path: Path) -> None:
    run_git(tmp_path, "clone", "-q", "--no-local", str(planted.folder), "clone")
    found = {one.fingerprint for one in scan(tmp_path / "clone", Kingfisher()).leaks}
    came = {m for place, m in planted.expected.items() if place not in planted.only_here}
    stayed = {m for place, m in planted.expected.items() if place in planted.only_here}
    assert came <= found
    assert not stayed & found


def test_no_result_of_a_scan_contains_a_secret(scanned: RepositoryScan, planted: Planted) -> None:
    text = repr(scanned.leaks) + repr(scanned.coverage)
    assert not [value for value in planted.values if value in text or value[:40] in text]


def test_nothing_was_skipped(scanned: RepositoryScan) -> None:
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
def test_the_kind_of_place_is_reported(
    scanned: RepositoryScan, planted: Planted, place: str, kind: PlaceKind
) -> None:
    assert [one.kind for one in leak(scanned, planted, place).places] == [kind]


def test_a_removed_secret_has_the_commits_that_added_and_removed_it(
    scanned: RepositoryScan, planted: Planted
) -> None:
    (place,) = leak(scanned, planted, "added and removed again").places
    assert place.commit
    assert place.gone_commit
    assert place.commit != place.gone_commit
    assert place.author == "Ada <ada@example.com>"
    assert (place.at_head, place.reachable) == (False, True)


def test_a_secret_of_a_merge_is_dated_by_the_merge(
    scanned: RepositoryScan, planted: Planted
) -> None:
    (place,) = leak(scanned, planted, "a merge's own resolution").places
    assert planted.git("show", "-s", "--format=%s", place.commit).strip() == "merge"


def test_a_dropped_commit_is_not_reachable(scanned: RepositoryScan, planted: Planted) -> None:
    (place,) = leak(scanned, planted, "deleted branch").places
    assert not place.reachable


def test_a_committed_file_is_one_place_not_two(scanned: RepositoryScan, planted: Planted) -> None:
    (place,) = leak(scanned, planted, "JS").places
    assert (place.kind, place.path, place.line, place.at_head) == (
        PlaceKind.HISTORY,
        "src/config.js",
        1,
        True,
    )


def test_the_cell_and_the_member_are_reported(scanned: RepositoryScan, planted: Planted) -> None:
    output = leak(scanned, planted, "notebook JSON output").places[0]
    member = leak(scanned, planted, "tar.gz inside zip").places[0]
    assert (output.path, output.inner) == ("book.ipynb", "cell 1, output 2")
    assert member.inner == "backup.tar.gz!gz!dump.sql"


def test_control_characters_in_a_path_are_escaped(
    scanned: RepositoryScan, planted: Planted
) -> None:
    place = leak(scanned, planted, "a path with a newline and an escape").places[0]
    assert place.path == "note\\n\\x1b[31m.txt"
