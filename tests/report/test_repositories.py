"""Which repository continues a history: forks, templates, shallow clones, moves, and impostors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.notebook.parameters import Choices
from helpers.report.history import HistoryLine, record, runs
from helpers.report.repositories import SeenRepository, plain_remote, repository_key
from helpers.run.subject import seen_repository
from helpers.system.state import open_state
from tests.conftest import run_git
from tests.report.samples import finding, report

REMOTE = "https://git.example.com/acme/shop.git"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Connection]:
    connection = open_state(tmp_path / "state")
    yield connection
    connection.close()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository with a remote and two commits."""
    folder = begun(tmp_path / "shop")
    run_git(folder, "remote", "add", "origin", REMOTE)
    return folder


def begun(folder: Path, content: str = "shop") -> Path:
    folder.mkdir()
    run_git(folder, "init", "-q", "-b", "main")
    for name in ("one", "two"):
        (folder / name).write_text(content)
        run_git(folder, "add", ".")
        run_git(folder, "commit", "-qm", f"{content} {name}")
    return folder


def seen(folder: Path) -> SeenRepository:
    return seen_repository(Choices("production", repo=str(folder)))


def key(state: Connection, folder: Path) -> str:
    return repository_key(state, seen(folder))


def test_a_repository_keeps_its_key(state: Connection, shop: Path) -> None:
    assert key(state, shop) == key(state, shop)
    (shop / "three").write_text("")
    run_git(shop, "add", ".")
    run_git(shop, "commit", "-qm", "Three")
    run_git(shop, "checkout", "-q", "-b", "other")
    assert key(state, shop) == key(state, shop / ".")


@pytest.mark.parametrize(
    "address",
    [
        "git@git.example.com:acme/shop.git",
        "ssh://git@git.example.com/acme/shop",
        "ssh://git@git.example.com:22/acme/shop.git/",
        "https://user:word@GIT.example.com/acme/shop",
        "http://git.example.com:80/acme/shop.git",
        "git://git.example.com/acme/shop.git",
    ],
)
def test_ssh_and_https_are_one_remote(address: str) -> None:
    assert plain_remote(address) == plain_remote(REMOTE) == "git.example.com/acme/shop"


@pytest.mark.parametrize(
    "address",
    ["https://git.example.com/acme/shop2", "git@other.example.com:acme/shop", "/srv/shop"],
)
def test_another_place_is_another_remote(address: str) -> None:
    assert plain_remote(address) != plain_remote(REMOTE)


@given(st.text(max_size=80))
def test_any_remote_has_a_form(address: str) -> None:
    assert plain_remote(plain_remote(address)) == plain_remote(address)


def test_a_fork_has_a_history_of_its_own(state: Connection, shop: Path, tmp_path: Path) -> None:
    own = key(state, shop)
    run_git(tmp_path, "clone", "-q", str(shop), "fork")
    run_git(tmp_path / "fork", "remote", "set-url", "origin", "git@git.example.com:eve/shop.git")
    assert key(state, tmp_path / "fork") != own
    assert key(state, shop) == own


def test_two_repositories_of_one_template_are_two(state: Connection, tmp_path: Path) -> None:
    template = begun(tmp_path / "template")
    for name in ("a", "b"):
        run_git(tmp_path, "clone", "-q", str(template), name)
        run_git(tmp_path / name, "remote", "remove", "origin")
    assert len({key(state, tmp_path / name) for name in ("template", "a", "b")}) == 3


def test_an_impostor_does_not_continue_the_history(
    state: Connection, shop: Path, tmp_path: Path
) -> None:
    """It has the remote and every commit, and lies elsewhere."""
    own = key(state, shop)
    run_git(tmp_path, "clone", "-q", str(shop), "impostor")
    run_git(tmp_path / "impostor", "remote", "set-url", "origin", REMOTE)
    assert key(state, tmp_path / "impostor") != own
    assert key(state, shop) == own
    assert key(state, tmp_path / "impostor") == key(state, tmp_path / "impostor")


def test_a_repository_that_moved_goes_on(state: Connection, shop: Path, tmp_path: Path) -> None:
    own = key(state, shop)
    shop.rename(tmp_path / "moved")
    assert key(state, tmp_path / "moved") == own


def test_another_repository_in_its_place_does_not(
    state: Connection, shop: Path, tmp_path: Path
) -> None:
    own = key(state, shop)
    shop.rename(tmp_path / "away")
    begun(shop, "something else")
    assert key(state, shop) != own
    assert key(state, tmp_path / "away") != key(state, shop)


def test_a_shallow_clone_and_the_whole_one_in_its_place_are_one(
    state: Connection, shop: Path, tmp_path: Path
) -> None:
    ci = tmp_path / "ci"
    run_git(tmp_path, "clone", "-q", "--depth", "1", f"file://{shop}", "ci")
    run_git(ci, "remote", "set-url", "origin", REMOTE)
    assert seen(ci).roots == frozenset()
    first = key(state, ci)
    run_git(ci, "fetch", "-q", "--unshallow", f"file://{shop}")
    assert seen(ci).roots
    assert key(state, ci) == first


def test_two_histories_that_are_merged_stay_one_repository(
    state: Connection, shop: Path, tmp_path: Path
) -> None:
    run_git(shop, "remote", "remove", "origin")
    own = key(state, shop)
    other = begun(tmp_path / "other", "another root")
    for name in ("one", "two"):
        run_git(other, "mv", name, f"other-{name}")
    run_git(other, "commit", "-qm", "Move")
    run_git(shop, "pull", "-q", "--no-rebase", "--allow-unrelated-histories", str(other), "main")
    assert len(seen(shop).roots) == 2
    assert key(state, shop) == own


def test_a_purged_history_stays_that_of_the_repository(state: Connection, shop: Path) -> None:
    own = key(state, shop)
    run_git(shop, "checkout", "-q", "--orphan", "purged")
    run_git(shop, "commit", "-qm", "Without the secret")
    assert key(state, shop) == own


def test_a_repository_on_another_host_stays_itself(state: Connection, shop: Path) -> None:
    own = key(state, shop)
    run_git(shop, "remote", "set-url", "origin", "git@new.example.com:acme/shop.git")
    assert key(state, shop) == own


def test_a_worktree_is_the_same_repository(state: Connection, shop: Path, tmp_path: Path) -> None:
    run_git(shop, "worktree", "add", "-q", str(tmp_path / "tree"))
    assert key(state, tmp_path / "tree") == key(state, shop)


def test_a_folder_without_git_is_known_by_its_place(state: Connection, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert key(state, tmp_path / "a") == key(state, tmp_path / "a")
    assert key(state, tmp_path / "a") != key(state, tmp_path / "b")


def test_the_operators_name_counts_and_takes_the_history_along(
    state: Connection, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = HistoryLine(key(state, shop), ("exposure",))
    record(state, "before", report(finding()), before)
    file = tmp_path / "workspaces.toml"
    file.write_text(
        f'[shop-eu]\nenvironment = "production"\nrepositories = {{ shop = "{shop}" }}\n'
    )
    monkeypatch.setenv("RUNBOOK_WORKSPACES", str(file))
    named = seen_repository(Choices("shop-eu", repo=str(shop)))
    assert repository_key(state, named) == "name:shop"
    (line,) = state.execute("SELECT repository FROM history_lines")
    assert line["repository"] == "name:shop"
    assert len(runs(state)) == 1
