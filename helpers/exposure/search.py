"""What to search, and the search: every source of a repository and of the repositories in it.

Imports nothing heavy, because a commit waits for `runbook scan --staged`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Final

from helpers.core.errors import CollectionError, ConfigurationError, UsageError
from helpers.core.settings import Credential, Profile, Settings, load_settings
from helpers.exposure.files import Files
from helpers.exposure.history import CommitLog, History
from helpers.exposure.items import DEFAULT_PATH_CLASS, OriginKind, ScanMatches, SecretEngine
from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.objects import (
    StoredObject,
    absent_objects,
    list_objects,
    named_objects,
    read_objects,
)
from helpers.exposure.repository import Repository, nested_repositories, open_repository
from helpers.exposure.scan_index import NoCache, ScanIndex
from helpers.exposure.scan_items import ScanState

__all__ = [
    "ScanRequest",
    "ScanScope",
    "SearchedRepository",
    "open_in_scope",
    "search",
    "staged_objects_if_clean",
]

_STAGED: Final = re.compile(rb":\d{6} (\d{6}) [0-9a-f]+ ([0-9a-f]+) [A-Z]\d*\0([^\0]*)\0")
_ENTRY: Final = re.compile(rb"(\d{6}) ([0-9a-f]+) \d\t([^\0]*)\0")
_SUBMODULE: Final = b"160000"
_DELETED: Final = b"000000"
# Folders of git's folder that are not read as files: objects and nested repositories.
_SKIPPED_FOLDERS: Final = frozenset({"objects", "modules", "worktrees"})


@dataclass(frozen=True)
class ScanScope:
    """`since` leaves out what that revision reaches; `staged` searches staged changes only."""

    since: str = ""
    staged: bool = False

    @property
    def whole(self) -> bool:
        """True if nothing is left out."""
        return not self.since and not self.staged


@dataclass(frozen=True)
class ScanRequest:
    """What to search and how. Without `chosen`, the secrets of every profile count as in use.

    Raises UsageError if a path is no folder.
    """

    paths: tuple[Path, ...]
    scope: ScanScope = field(default_factory=ScanScope)
    all_rules: bool = True
    verify: bool = False
    chosen: Settings | None = None
    env_file: Path | None = None
    waivers: Path | None = None
    cache: bool = True
    jobs: int = 2

    def __post_init__(self) -> None:
        for path in self.paths:
            if not path.is_dir():
                raise UsageError(f"There is no folder {path}.", "Name a repository or a folder.")

    def settings(self) -> Iterator[Settings]:
        """Yield the settings of the chosen workspace, or of every profile."""
        project = self.paths[0].resolve()
        if self.chosen or self.env_file:
            default = partial(load_settings, Profile.DEVELOPMENT, project, env_file=self.env_file)
            yield self.chosen or default()
            return
        for profile in Profile:
            try:
                yield load_settings(profile, project)
            except ConfigurationError:  # a broken .env must not prevent a search
                yield load_settings(profile, project.parent / "none")

    def credentials(self) -> list[Credential]:
        """Return the secrets in use, each value once."""
        every = [one for settings in self.settings() for one in settings.credentials()]
        return list({(one.kind, one.value.get_secret_value()): one for one in every}.values())


@dataclass
class SearchedRepository:
    """A repository with the matches in it and its commits."""

    repository: Repository
    history: History
    matches: ScanMatches = field(default_factory=ScanMatches)


def staged_objects_if_clean(request: ScanRequest) -> int | None:
    """Return how many objects are staged, if all were searched and none holds a secret.

    Otherwise None: then only a whole scan can report what was found. This is the quick path of a
    pre-commit hook. Usually nothing is found, and then nothing has to be judged. Raises UsageError
    and CollectionError, as a scan does.
    """
    engine = Kingfisher(all_rules=request.all_rules, credentials=request.credentials())
    objects = 0
    for path in request.paths:
        state = ScanState(engine, ScanIndex(NoCache()), lambda _: None)
        for _ in search(open_in_scope(path, request.scope), request.scope, state):
            pass
        if not state.clean:
            return None
        objects += state.objects
    return objects


def open_in_scope(path: Path, scope: ScanScope) -> Repository:
    """Open the repository at a path; if staged changes are searched, as git hands it to a hook.

    Raises UsageError if staged changes are searched outside git.
    """
    repository = open_repository(path, environ=os.environ if scope.staged else None)
    if scope.staged and repository.common is None:
        raise UsageError(f"{path} is in no git repository.", "Nothing is staged outside git.")
    return repository


def search(top: Repository, scope: ScanScope, state: ScanState) -> Iterator[SearchedRepository]:
    """Yield each repository before it is searched; its matches are added during the search."""
    waiting, places, stores = [top], set(), set()
    while waiting:
        repository = waiting.pop()
        if repository.place in places:
            continue
        history = History(repository, state.index.store, scope.whole)
        source = SearchedRepository(repository, history)
        yield source
        for astray in repository.outside:
            state.skip(repository.name or "repository", f"{astray}; it is not followed")
        if repository.common and repository.common not in stores:
            _search_objects(source, scope, state)
        places.add(repository.place)
        stores.add(repository.common)
        if scope.staged:
            continue
        nested = _search_files(source, state, top.place)
        with _reported(repository.name or "nested repositories", state):
            for name, found in nested_repositories(repository, nested):
                if isinstance(found, Repository):
                    waiting.append(found)
                else:
                    state.skip(name, found)


@contextmanager
def _reported(where: str, state: ScanState) -> Iterator[None]:
    """Report what git can't read as not searched, and go on with everything else."""
    try:
        yield
    except CollectionError as error:
        state.skip(where, error.message)


def _search_objects(source: SearchedRepository, scope: ScanScope, state: ScanState) -> None:
    new: list[StoredObject] = []
    old: set[str] = set()
    try:
        _list_objects(source, scope, state, new, old)
    except CollectionError as error:
        state.unlisted = error.message
        state.skip(source.repository.name or "history", error.message)
    if source.repository.partial and scope.whole:
        state.absent += absent_objects(source.repository)
    if new:
        Thread(target=_warm_up, args=(state.engine,)).start()  # while git works
        wanted = _with_paths(source, scope, state, new, old)
        state.total += sum(one.size for one in wanted)
        state.scan(source.repository, read_objects(source.repository, wanted), source.matches)
    if scope.whole and not source.repository.partial:
        _report_damage(source, state, {one.oid for one in new} | old)


def _list_objects(
    source: SearchedRepository,
    scope: ScanScope,
    state: ScanState,
    new: list[StoredObject],
    old: set[str],
) -> None:
    """Add the objects to `new` or `old`, and record what is known of the old ones."""
    for one in _objects_in_scope(source.repository, scope):
        state.objects += 1
        known = state.index.seen_object(one.oid)
        if one.kind is OriginKind.COMMIT:
            (source.history.known if known else source.history.new).append(one.oid)
        if not known:
            new.append(one)
            continue
        old.add(one.oid)
        for result in state.index.object_results(one.oid):
            state.record(source.repository, one.origin, result, source.matches)


def _report_damage(source: SearchedRepository, state: ScanState, stored: AbstractSet[str]) -> None:
    """Report commits whose changes can't be read, and blobs that they name and nobody stored.

    Both are remembered, because a repeat scan reads the changes of new commits only.
    """
    place = f"damage {source.repository.common}"
    before = json.loads(state.index.store.note(place) or "[]")
    commits = [*source.history.new, *(oid for oid in before if oid in stored)]
    missing = {oid for oid in before if oid not in stored}
    damaged: tuple[str, ...] = ()
    with _reported(source.repository.name or "history", state):
        log = CommitLog.of(source.repository, commits) if before else source.history.log
        damaged = log.damaged
        missing |= {oid for oid, _ in log.paths() if oid not in stored and oid.strip("0")}
    for oid in damaged:
        state.skip(f"commit {oid}", "its changes can't be read: the commit or a tree is damaged")
    for oid in sorted(missing):
        state.skip(f"object {oid}", "it is missing, although a commit names it")
    if before or damaged or missing:
        state.index.store.write_note(place, json.dumps([*damaged, *sorted(missing)]))


def _warm_up(engine: SecretEngine) -> None:
    with suppress(Exception):  # the search runs into the same error and reports it
        engine.warm_up()


def _with_paths(
    source: SearchedRepository,
    scope: ScanScope,
    state: ScanState,
    new: list[StoredObject],
    old: set[str],
) -> list[StoredObject]:
    """Return what to scan: the new objects, and old ones at a path of another class.

    Commits come last: once a commit is known, all of its paths have been scanned.
    """
    if not state.engine.depends_on_paths:
        return _commits_last(new)
    paths: dict[str, dict[str, str]] = {}
    for oid, path in _paths(source, scope, state):
        paths.setdefault(oid, {}).setdefault(state.engine.path_class(path), path)
    moved = old & paths.keys()
    again = named_objects(source.repository, moved) if moved else ()
    wanted = [
        StoredObject(one.kind, one.oid, one.size, path, path_class)
        for one in (*new, *again)
        for path_class, path in paths.get(one.oid, {DEFAULT_PATH_CLASS: ""}).items()
    ]
    return _commits_last(one for one in wanted if not state.index.has(one.cache_key))


def _commits_last(wanted: Iterable[StoredObject]) -> list[StoredObject]:
    return sorted(wanted, key=lambda one: one.kind is OriginKind.COMMIT)


def _paths(
    source: SearchedRepository, scope: ScanScope, state: ScanState
) -> Iterator[tuple[str, str]]:
    """Yield blobs with their paths, from the index and from the new commits."""
    try:
        yield from _index_paths(source.repository, scope)
    except CollectionError as error:
        state.skip(source.repository.name or "index", f"the index can't be read ({error.message})")
    if scope.staged or not source.history.new:
        return
    try:
        yield from source.history.log.paths()
    except CollectionError as error:
        why = "paths are unknown: rules that apply to certain paths only were not used"
        state.skip(source.repository.name or "history", f"{why} ({error.message})")


def _objects_in_scope(repository: Repository, scope: ScanScope) -> Iterable[StoredObject]:
    """List the objects of a scope. Raises UsageError if there is no such revision."""
    if scope.staged:
        return named_objects(repository, dict(_index_paths(repository, scope)))
    if scope.since:
        return named_objects(repository, _since(repository, scope.since))
    return list_objects(repository)


def _index_paths(repository: Repository, scope: ScanScope) -> Iterator[tuple[str, str]]:
    """Yield the blobs of the index with their paths; if staged, those that differ from HEAD."""
    if repository.tree is None or repository.git_dir is None:
        return
    if scope.staged and repository.has_head():
        arguments = ("diff-index", "--cached", "--raw", "-z", "--no-renames", "HEAD", "--")
        listed, pattern = repository.git(*arguments), _STAGED
    else:
        listed, pattern = repository.git("ls-files", "-s", "-z"), _ENTRY
    for match in pattern.finditer(listed):
        if match[1] not in (_SUBMODULE, _DELETED):
            yield match[2].decode(), match[3].decode("utf-8", "surrogateescape")


def _since(repository: Repository, revision: str) -> Iterator[str]:
    arguments = ("rev-parse", "-q", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    try:
        commit = repository.git(*arguments).decode().strip()
    except CollectionError:
        raise UsageError(
            f"There is no revision {revision!r} in {repository.place.name}.",
            "Name a commit, a tag or a branch with --since.",
        ) from None
    listed = repository.git("rev-list", "--objects", "--no-object-names", "--all", f"^{commit}")
    return iter(dict.fromkeys(listed.decode().split()))


def _search_files(source: SearchedRepository, state: ScanState, top: Path) -> Iterable[Path]:
    """Scan the files and return the folders of nested repositories."""
    nested: list[Path] = []
    prefix = f"{source.repository.name}/" if source.repository.name else ""
    for files in _folders(source.repository):
        files.reuse = partial(state.reuse, source.repository, source.matches)
        files.path_class = state.engine.path_class
        files.inside = top
        state.scan(source.repository, state.counted(files), source.matches)
        for name, target in files.links:
            state.leave_out(f"{prefix}{name}", f"a link to {target}, outside the repository")
        nested += files.nested
    return nested


def _folders(repository: Repository) -> Iterator[Files]:
    algorithm = repository.algorithm
    if repository.tree:
        yield Files(repository.tree, algorithm=algorithm)
    if repository.git_dir:
        kind = OriginKind.GIT_FILE
        yield Files(repository.git_dir, kind, ".git/", _SKIPPED_FOLDERS, algorithm=algorithm)
