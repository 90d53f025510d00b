"""A delivered repository makes git run nothing and read nothing elsewhere, whatever it configures.

The trap is a command that leaves a mark. It stands in every key that the installed git documents,
so that a key of a future version is tried too, and plain git is shown to step into it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from helpers.core.errors import CollectionError
from helpers.core.redaction import fingerprint
from helpers.environment.collect import MUST_BE_IGNORED
from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.scan import RepositoryScan, scan
from helpers.exposure.search import ScanScope
from helpers.system.git import git, git_ok, top_level
from tests.conftest import make_access_token, run_git

ENGINE: Final = Kingfisher(all_rules=False)
# What makes git start a program, beside the keys with a command as their value.
_DOORS: Final = """\
[extensions]
\tpartialClone = origin
[remote "origin"]
\turl = ext::{trap}
\tpromisor = true
\tpartialclonefilter = blob:none
\tfetch = +refs/heads/*:refs/remotes/origin/*
[protocol]
\tallow = always
[protocol "ext"]
\tallow = always
[log]
\tshowSignature = true
[filter "evil"]
\tclean = {trap}
\tsmudge = {trap}
\tprocess = {trap}
\trequired = true
[diff "evil"]
\ttextconv = {trap}
\tcommand = {trap}
[merge "evil"]
\tdriver = {trap}
[diff]
\texternal = {trap}
[core]
\tfsmonitor = {trap}
\thooksPath = {hooks}
\tpager = {trap}
\tsshCommand = {trap}
\tgitProxy = {trap}
\taskPass = {trap}
\talternateRefsCommand = {trap}
[alias]
"""
_COMMANDS: Final = (
    *("cat-file", "rev-list", "rev-parse", "log", "ls-files", "ls-tree", "diff-index", "grep"),
    *("check-ignore", "for-each-ref", "worktree", "config"),
)


class Trap:
    """A command that leaves a mark where it is run."""

    def __init__(self, folder: Path) -> None:
        self.mark = folder / "sprung"
        self.path = folder / "trap.sh"
        self.path.write_text(f"#!/bin/sh\necho $0 $@ >> {self.mark}\n")
        self.path.chmod(0o755)
        self.hooks = folder / "hooks"
        self.hooks.mkdir()
        for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
            (self.hooks / hook).symlink_to(self.path)

    def config(self) -> str:
        """A configuration with the trap in every key that git knows, and its doors open."""
        doors = _DOORS.format(trap=self.path, hooks=self.hooks)
        return doors + "".join(f"\t{command} = !{self.path}\n" for command in _COMMANDS)


def documented_keys() -> list[str]:
    """The names in `git help --config`; a part in angle brackets is the plant's own name."""
    listed = subprocess.run(["git", "help", "-c"], capture_output=True, text=True, check=True)
    keys = [line for line in listed.stdout.splitlines() if "." in line and " " not in line]
    return [".".join("evil" if "<" in p else p for p in key.split(".")) for key in keys]


def set_in(config: Path, key: str, value: object) -> str:
    """A section that sets one key, as text; `git config` would refuse some values."""
    section, _, name = key.rpartition(".")
    first, _, middle = section.partition(".")
    header = f'[{first} "{middle}"]' if middle else f"[{first}]"
    return f"{header}\n\t{name} = {value}\n"


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path)


@pytest.fixture
def delivered(repo: Path, trap: Trap) -> Path:
    """A repository with two commits, staged changes, and a blob that is not there."""
    (repo / ".gitattributes").write_text("* filter=evil diff=evil merge=evil text eol=crlf\n")
    for name, content in (("a.txt", make_access_token()), ("lost.txt", str(uuid.uuid4()))):
        (repo / name).write_text(content)
        run_git(repo, "add", "-A")
        run_git(repo, "commit", "-q", "-m", name)
    lost = run_git(repo, "rev-parse", "HEAD:lost.txt").strip()
    (repo / "staged.txt").write_text(make_access_token())
    run_git(repo, "add", "staged.txt")
    (repo / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    (repo / "a.txt").write_text("changed")
    return repo


def look(repo: Path) -> list[RepositoryScan]:
    """Everything that the runbook does with git: three kinds of scan, and the audit's questions."""
    scopes = (ScanScope(), ScanScope(staged=True), ScanScope(since="HEAD~1"))
    scans = [attempt(partial(scan, repo, ENGINE, scope=scope)) for scope in scopes]
    for ask in (
        partial(git_ok, repo, "check-ignore", "--no-index", "-q", MUST_BE_IGNORED[0]),
        partial(git, repo, "ls-files", "-z"),
        partial(git_ok, repo, "grep", "-q", "-a", "-F", "-f", "-", stdin=b"word"),
        partial(top_level, repo),
    ):
        attempt(ask)
    return [one for one in scans if isinstance(one, RepositoryScan)]


def attempt(action: Callable[[], object]) -> object:
    try:
        return action()
    except CollectionError as error:
        return error


def test_plain_git_steps_into_the_trap(delivered: Path, trap: Trap) -> None:
    (delivered / ".git" / "config").write_text(trap.config())
    environ = {"PATH": os.environ["PATH"], "HOME": str(delivered)}
    for command in (["git", "status"], ["git", "fetch", "origin"], ["git", "diff"]):
        subprocess.run(command, cwd=delivered, env=environ, capture_output=True, check=False)
    assert trap.mark.exists()


def test_no_key_that_git_documents_runs_anything(delivered: Path, trap: Trap) -> None:
    keys = documented_keys()
    assert {"core.fsmonitor", "gpg.program", "core.sshCommand"} <= set(keys)
    config = delivered / ".git" / "config"
    planted = "".join(set_in(config, key, trap.path) for key in keys)
    config.write_text(planted + trap.config())
    scans = look(delivered)
    assert not trap.mark.exists()
    assert [len(one.leaks) for one in scans[:2]] == [2, 1]


@pytest.mark.parametrize("where", ["include", "includeIf", "worktree", "modules", "nested"])
def test_no_configuration_beside_the_main_one_runs_anything(
    delivered: Path, trap: Trap, tmp_path: Path, where: str
) -> None:
    config = delivered / ".git" / "config"
    (tmp_path / "more").write_text(trap.config())
    if where == "include":
        config.write_text(f"[include]\n\tpath = {tmp_path}/more\n")
    elif where == "includeIf":
        config.write_text(f'[includeIf "gitdir:/"]\n\tpath = {tmp_path}/more\n')
    elif where == "worktree":
        config.write_text("[core]\nrepositoryformatversion=1\n[extensions]\nworktreeConfig=true\n")
        (delivered / ".git" / "config.worktree").write_text(trap.config())
    else:
        inner = delivered / (".git/modules/inner" if where == "modules" else "inner")
        run_git(delivered, "clone", "-q", "--bare", str(delivered), str(inner))
        (inner / "config").write_text(trap.config())
    assert look(delivered)
    assert not trap.mark.exists()


def test_a_git_of_the_repository_is_not_run(
    delivered: Path, trap: Trap, monkeypatch: pytest.MonkeyPatch
) -> None:
    (delivered / "git").symlink_to(trap.path)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(delivered)
    assert look(delivered)
    assert not trap.mark.exists()


def test_git_gets_no_variable_but_the_listed_ones(
    delivered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = make_access_token()
    monkeypatch.setenv("INTERCOM_ACCESS_TOKEN", secret)
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "/bin/false")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\nenv > {tmp_path}/env\n")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    git(delivered, "ls-files")
    seen = (tmp_path / "env").read_text()
    assert secret not in seen
    assert "GIT_EXTERNAL_DIFF" not in seen
    assert "GIT_CONFIG_COUNT" not in seen
    assert "GIT_ALLOW_PROTOCOL=none" in seen
    assert "GIT_NO_LAZY_FETCH=1" in seen


def test_no_view_is_left_behind(
    delivered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    program = (
        "import sys; from pathlib import Path; from helpers.exposure.scan import scan;"
        "from helpers.exposure.kingfisher import Kingfisher;"
        "scan(Path(sys.argv[1]), Kingfisher(all_rules=False))"
    )
    monkeypatch.setenv("TMPDIR", str(temporary))
    subprocess.run([sys.executable, "-c", program, str(delivered)], check=True)
    assert not list(temporary.glob("runbook-git-*"))


KILLED = """
import sys, time
from pathlib import Path
from helpers.system.git import find_repository
found = [find_repository(Path(sys.argv[1])) for _ in range(2)]
print("ready", flush=True)
time.sleep(600)
"""


def test_the_views_of_a_killed_process_go_with_the_next_one(
    delivered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    command = [sys.executable, "-c", KILLED, str(delivered)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert next(iter(first.stdout or ())) == "ready\n"
        (alive,) = temporary.glob("runbook-git-*")
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as second:
            assert next(iter(second.stdout or ())) == "ready\n"
            assert len(list(alive.glob("*/config"))) == 2, "a live process keeps its views"
            second.kill()
        first.kill()
    assert len(list(temporary.glob("runbook-git-*"))) == 2
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as third:
        assert next(iter(third.stdout or ())) == "ready\n"
        (left,) = temporary.glob("runbook-git-*")
        assert left != alive
        third.kill()


# What points outside.


@pytest.fixture
def victim(tmp_path: Path) -> tuple[Path, str]:
    """Another repository on this machine, with a secret of its own."""
    folder, secret = tmp_path / "victim", make_access_token()
    folder.mkdir()
    run_git(folder, "init", "-q", "-b", "main")
    (folder / "private.txt").write_text(secret)
    run_git(folder, "add", "-A")
    run_git(folder, "commit", "-q", "-m", "private")
    return folder, secret


def missed(scanned: RepositoryScan) -> str:
    return " ".join(f"{one.where}: {one.reason}" for one in scanned.coverage.missed)


def test_alternates_are_not_followed(delivered: Path, victim: tuple[Path, str]) -> None:
    info = delivered / ".git" / "objects" / "info"
    info.mkdir(exist_ok=True)
    (info / "alternates").write_text(f"{victim[0]}/.git/objects\n")
    scanned = scan(delivered, ENGINE)
    assert len(scanned.leaks) == 2
    assert f"alternates borrows objects of {victim[0]}" in missed(scanned)


@pytest.mark.parametrize("form", ["a file", "a link"])
def test_a_git_folder_outside_that_does_not_point_back_is_not_followed(
    tmp_path: Path, victim: tuple[Path, str], form: str
) -> None:
    folder = tmp_path / "delivered"
    folder.mkdir()
    if form == "a file":
        (folder / ".git").write_text(f"gitdir: {victim[0]}/.git\n")
    else:
        (folder / ".git").symlink_to(victim[0] / ".git")
    (folder / "a.txt").write_text(make_access_token())
    scanned = scan(folder, ENGINE)
    assert len(scanned.leaks) == 1
    assert "which does not point back" in missed(scanned)
    with pytest.raises(CollectionError, match="points outside"):
        git(folder, "ls-files")


@pytest.mark.parametrize(
    "name",
    ["objects", "objects/pack", "refs", "refs/heads", "packed-refs", "index", "info/exclude"],
)
def test_a_link_in_the_git_folder_is_not_followed_outside(
    delivered: Path, victim: tuple[Path, str], name: str
) -> None:
    run_git(victim[0], "pack-refs", "--all")
    run_git(victim[0], "repack", "-adq")
    path, target = delivered / ".git" / name, victim[0] / ".git" / name
    if os.path.lexists(path):
        path.rename(path.with_name("aside"))
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(target)
    scanned = attempt(lambda: scan(delivered, ENGINE))
    if isinstance(scanned, RepositoryScan):
        found = {leak.fingerprint for leak in scanned.leaks}
        assert fingerprint("access_token", victim[1]) not in found
        assert "points outside" in missed(scanned)
    else:
        assert "points outside" in str(scanned)


def test_a_forged_common_folder_is_not_followed(delivered: Path, victim: tuple[Path, str]) -> None:
    (delivered / ".git" / "commondir").write_text(f"{victim[0]}/.git\n")
    scanned = scan(delivered, ENGINE)
    assert "points outside" in missed(scanned)
    assert scanned.coverage.objects == 0


def test_a_forged_worktree_is_not_followed(delivered: Path, victim: tuple[Path, str]) -> None:
    entry = delivered / ".git" / "worktrees" / "forged"
    entry.mkdir(parents=True)
    (entry / "gitdir").write_text(f"{victim[0]}/.git\n")
    (entry / "commondir").write_text("../..\n")
    (entry / "HEAD").write_text("ref: refs/heads/main\n")
    scanned = scan(delivered, ENGINE)
    assert len(scanned.leaks) == 2
    assert "which does not point back" in missed(scanned)


def test_a_real_worktree_is_followed(delivered: Path, tmp_path: Path) -> None:
    run_git(delivered, "worktree", "add", "-q", "--no-checkout", str(tmp_path / "linked"))
    (tmp_path / "linked" / "more.txt").write_text(make_access_token())
    assert len(scan(delivered, ENGINE).leaks) == 3


def test_core_worktree_is_not_followed(delivered: Path, victim: tuple[Path, str]) -> None:
    (delivered / ".git" / "config").write_text(f"[core]\n\tworktree = {victim[0]}\n")
    assert top_level(delivered) == delivered
    scanned = scan(delivered, ENGINE)
    assert len(scanned.leaks) == 2
    assert f"core.worktree in {delivered}/.git/config names {victim[0]}" in missed(scanned)


def test_links_of_the_working_tree_are_not_followed_outside(
    delivered: Path, victim: tuple[Path, str]
) -> None:
    (delivered / "file").symlink_to(victim[0] / "private.txt")
    (delivered / "folder").symlink_to(victim[0])
    (delivered / "indirect").symlink_to("folder/private.txt")
    (delivered / "inner").symlink_to("a.txt")
    scanned = scan(delivered, ENGINE)
    assert len(scanned.leaks) == 2
    listed = {one.where: one.reason for one in scanned.coverage.elsewhere}
    assert set(listed) == {"file", "folder", "indirect"}
    assert str(victim[0] / "private.txt") in listed["file"]


def test_a_replacement_does_not_hide_an_object(repo: Path) -> None:
    (repo / "a.txt").write_text(make_access_token())
    (repo / "b.txt").write_text("fine")
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-q", "-m", "work")
    (repo / "a.txt").unlink()
    run_git(repo, "rm", "-q", "--cached", "a.txt")
    run_git(repo, "replace", *(run_git(repo, "rev-parse", f"HEAD:{n}.txt").strip() for n in "ab"))
    assert len(scan(repo, ENGINE).leaks) == 1


def test_a_fifo_in_the_git_folder_does_not_hang(delivered: Path) -> None:
    (delivered / ".git" / "config").unlink()
    os.mkfifo(delivered / ".git" / "config")
    with pytest.raises(CollectionError, match="not a regular file"):
        scan(delivered, ENGINE)


def test_output_without_end_is_cut_off(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree of trees names ten thousand million files with a dozen objects."""
    blob = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"],
        cwd=repo,
        input=b"x",
        capture_output=True,
        check=True,
    )
    line = f"100644 blob {blob.stdout.decode().strip()}"
    for _ in range(10):
        listing = "".join(f"{line}\t{n}\n" for n in range(10))
        tree = subprocess.run(
            ["git", "mktree"], cwd=repo, input=listing.encode(), capture_output=True, check=True
        ).stdout.decode()
        line = f"040000 tree {tree.strip()}"
    monkeypatch.setattr("helpers.system.git._MOST_OUTPUT", 1 << 20)
    with pytest.raises(CollectionError, match="exceeds 1 MiB"):
        git(repo, "ls-tree", "-r", tree.strip())
    monkeypatch.setattr("helpers.system.git._LONGEST_RUN", 0.2)
    monkeypatch.setattr("helpers.system.git._MOST_OUTPUT", 1 << 40)
    with pytest.raises(CollectionError, match="took too long"):
        git(repo, "ls-tree", "-r", "--name-only", tree.strip())


def test_a_file_of_the_git_folder_is_named_as_git_names_it(repo: Path) -> None:
    (repo / ".git" / "info" / "exclude").write_text(".env\n")
    said = git(repo, "check-ignore", "--verbose", ".env")
    assert said == b".git/info/exclude:1:.env\t.env\n"
