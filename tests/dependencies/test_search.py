"""Bad releases are found wherever git keeps them, and nothing else is."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from helpers.cli.dependencies import dependencies as command
from helpers.core.verdicts import Status
from helpers.dependencies.osv import AdvisoryIndex, delivered_advisories
from helpers.dependencies.records import DependencySearch
from helpers.dependencies.search import search_repositories
from tests.conftest import run_git
from tests.dependencies.lockfiles import BAD, CLEAN, NPM_FORMATS, composer

INDEX = AdvisoryIndex.of(delivered_advisories())


def search(*folders: Path) -> DependencySearch:
    return search_repositories(folders, INDEX)


def write(repo: Path, file: str, content: str | bytes) -> None:
    path = repo / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def commit(repo: Path, date: str = "2026-04-30T15:00:00Z") -> str:
    run_git(repo, "add", "-A", "-f")
    run_git(repo, "commit", "-q", "-m", "work", f"--date={date}", "--allow-empty")
    return run_git(repo, "rev-parse", "HEAD").strip()


def at_head(repo: Path, write_bad, write_good) -> None:
    write_good()
    commit(repo)
    write_bad()
    commit(repo)


def in_history(repo: Path, write_bad, write_good) -> None:
    at_head(repo, write_bad, write_good)
    write_good()
    commit(repo)


def on_a_deleted_branch(repo: Path, write_bad, write_good) -> None:
    write_good()
    commit(repo)
    run_git(repo, "switch", "-q", "-c", "old")
    write_bad()
    commit(repo)
    run_git(repo, "switch", "-q", "main")
    run_git(repo, "branch", "-q", "-D", "old")


def in_a_stash(repo: Path, write_bad, write_good) -> None:
    write_good()
    commit(repo)
    write_bad()
    run_git(repo, "stash", "-q")


def in_the_index(repo: Path, write_bad, write_good) -> None:
    write_good()
    commit(repo)
    write_bad()
    run_git(repo, "add", "-A", "-f")
    write_good()


def on_disk(repo: Path, write_bad, write_good) -> None:
    write_good()
    commit(repo)
    write_bad()


PLACES = (at_head, in_history, on_a_deleted_branch, in_a_stash, in_the_index, on_disk)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", NPM_FORMATS)
def test_the_bad_release_is_found_in_every_format_and_place(repo: Path, form: str, place):
    file, build = NPM_FORMATS[form]
    bad, good = (build("intercom-client", version) for version in ("7.0.4", "7.0.3"))
    place(repo, lambda: write(repo, file, bad), lambda: write(repo, file, good))
    result = search(repo)
    assert [(one.subject, one.status) for one in result.releases] == [
        ("npm intercom-client 7.0.4", Status.FAIL)
    ]
    assert result.unread == ()


@pytest.mark.parametrize("form", NPM_FORMATS)
def test_neighbours_and_similar_names_are_no_finding(repo: Path, form: str):
    file, build = NPM_FORMATS[form]
    others = [
        ("intercom-client", "7.0.3"),
        ("intercom-client", "7.0.40"),
        ("intercom-clients", "7.0.4"),
    ]
    for name, version in others:
        write(repo, file, build(name, version))
        commit(repo)
    result = search(repo)
    assert result.releases == ()
    assert result.unread == ()
    assert result.lockfiles == len(others) + 1


@pytest.mark.parametrize(
    ("reference", "expected"), [(BAD, [Status.FAIL]), (CLEAN, []), ("", [Status.MANUAL])]
)
@pytest.mark.parametrize("place", PLACES)
def test_the_commit_in_composer_lock_decides(repo: Path, place, reference: str, expected):
    bad, good = composer("5.0.2", reference), composer("5.0.1", CLEAN)
    file = "composer.lock"
    place(repo, lambda: write(repo, file, bad), lambda: write(repo, file, good))
    assert [one.status for one in search(repo).releases] == expected


def test_a_finding_says_who_pinned_it_when_and_for_how_long(repo: Path):
    file, build = NPM_FORMATS["npm 3"]
    write(repo, file, build("intercom-client", "7.0.3"))
    commit(repo, "2026-04-01T00:00:00Z")
    write(repo, file, build("intercom-client", "7.0.4"))
    added = commit(repo, "2026-04-30T15:10:00Z")
    write(repo, file, build("intercom-client", "7.0.3"))
    removed = commit(repo, "2026-05-03T16:00:00Z")
    ((place,),) = [one.places for one in search(repo).releases]
    assert (place.added_in, place.removed_in, place.days) == (added, removed, 3)
    assert place.author == "Ada <ada@example.com>"
    assert not place.at_head
    shown = run(str(repo)).output
    assert f"added 2026-04-30 by Ada <ada@example.com> ({added[:10]})" in shown
    assert f"removed 2026-05-03 ({removed[:10]}), after 3 days" in shown


def test_a_release_that_is_still_there_is_at_head(repo: Path):
    file, build = NPM_FORMATS["npm 3"]
    write(repo, file, build("intercom-client", "7.0.4"))
    commit(repo)
    places = search(repo).releases[0].places
    assert [(one.blob != "", one.at_head) for one in places] == [(False, False), (True, True)]


def test_a_lockfile_that_was_deleted_is_found_and_nothing_is_missing(repo: Path):
    write(repo, "package-lock.json", NPM_FORMATS["npm 3"][1]("intercom-client", "7.0.4"))
    commit(repo, "2026-04-30T15:10:00Z")
    (repo / "package-lock.json").unlink()
    removed = commit(repo, "2026-05-03T16:00:00Z")
    result = search(repo)
    assert [one.places[0].removed_in for one in result.releases] == [removed]
    assert result.unread == ()


def test_an_empty_yarn_lock_names_nothing(repo: Path):
    write(repo, "yarn.lock", "")
    result = search(repo)
    assert (result.lockfiles, result.unread) == (1, ())


def test_a_nested_repository_is_searched(repo: Path):
    inner = repo / "vendor" / "shop"
    inner.mkdir(parents=True)
    run_git(inner, "init", "-q", "-b", "main")
    file, build = NPM_FORMATS["yarn 1"]
    in_history(
        inner,
        lambda: write(inner, file, build("intercom-client", "7.0.4")),
        lambda: write(inner, file, build("intercom-client", "7.0.3")),
    )
    result = search(repo)
    assert result.repositories == 2
    assert [one.repository for one in result.releases] == [f"{repo}/vendor/shop"]


def test_the_files_of_the_malware_are_found(repo: Path):
    write(repo, "node_modules/intercom-client/setup.mjs", "a")
    write(repo, ".claude/settings.json", json.dumps({"SessionStart": "node .claude/setup.mjs"}))
    write(repo, ".vscode/setup.mjs", "b")
    write(repo, "tools/setup.mjs", "an innocent file of the same name")
    write(repo, ".vscode/tasks.json", "{}")
    found = {one.places[0].path: one.status for one in search(repo).releases}
    assert found == {
        "node_modules/intercom-client/setup.mjs": Status.FAIL,
        ".claude/settings.json": Status.FAIL,
        ".vscode/setup.mjs": Status.MANUAL,
    }


def test_the_bytes_of_the_malware_are_known_anywhere(repo: Path, tmp_path: Path):
    own = tmp_path / "own.json"
    digest = hashlib.sha256(b"payload").hexdigest()
    own.write_text(
        json.dumps({"id": "OWN-1", "database_specific": {"runbook": {"sha256": [digest]}}})
    )
    write(repo, "deep/down/setup.mjs", b"payload")
    commit(repo)
    (repo / "deep/down/setup.mjs").unlink()
    result = run(str(repo), "--osv", str(own), "--format", "json")
    (release,) = json.loads(result.output)["releases"]
    assert (release["status"], release["advisories"]) == ("FAIL", ["OWN-1"])


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, standalone_mode=False)


def test_exit_status_of_a_bad_release_is_14(repo: Path):
    write(repo, "package-lock.json", NPM_FORMATS["npm 3"][1]("intercom-client", "7.0.4"))
    assert run(str(repo)).return_value == 14
    assert run(str(repo), "--fail-on", "never").return_value == 0


def test_exit_status_of_a_clean_repository_is_0(repo: Path):
    write(repo, "package-lock.json", NPM_FORMATS["npm 3"][1]("intercom-client", "7.0.3"))
    result = run(str(repo))
    assert result.return_value == 0
    assert "0 bad releases or files. Read: 1 lockfiles" in result.output


def test_exit_status_is_3_where_no_lockfile_is(repo: Path):
    result = run(str(repo))
    assert result.return_value == 3
    assert "nothing is proven" in result.output


@pytest.mark.parametrize(
    ("file", "content"),
    [("yarn.lock", "broken"), ("bun.lockb", b"\0"), ("composer.lock", composer("5.0.2"))],
)
def test_exit_status_is_10_where_something_is_not_known(repo: Path, file: str, content):
    write(repo, "package-lock.json", NPM_FORMATS["npm 3"][1]("intercom-client", "7.0.3"))
    write(repo, file, content)
    assert run(str(repo)).return_value == 10


def test_a_bad_release_outweighs_what_was_not_read(repo: Path):
    write(repo, "package-lock.json", NPM_FORMATS["npm 3"][1]("intercom-client", "7.0.4"))
    write(repo, "yarn.lock", "broken")
    assert run(str(repo)).return_value == 14


def test_a_link_is_not_followed_but_reported(repo: Path, tmp_path: Path):
    (tmp_path / "elsewhere").write_text("x")
    (repo / "yarn.lock").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(repo / "package-lock.json")
    assert {(one.name, one.reason.split(",")[0]) for one in search(repo).unread} == {
        ("yarn.lock", "a symbolic link"),
        ("package-lock.json", "not a file"),
    }


def test_a_shallow_clone_is_reported(repo: Path, tmp_path: Path):
    for version in ("7.0.2", "7.0.3"):
        write(repo, "package-lock.json", NPM_FORMATS["npm 3"][1]("intercom-client", version))
        commit(repo)
    copy = tmp_path / "copy"
    run_git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repo}", str(copy))
    result = run(str(copy))
    assert result.return_value == 10
    assert "cut off by a shallow clone" in result.output


def test_names_from_outside_can_not_write_to_the_terminal(repo: Path):
    write(repo, "a\x1b[2J/yarn.lock", NPM_FORMATS["yarn 1"][1]("intercom-client", "7.0.4"))
    assert "\x1b[2J" not in run(str(repo)).output


def test_a_missing_folder_is_a_usage_error(tmp_path: Path):
    assert "There is no folder" in str(run(str(tmp_path / "none")).exception)
