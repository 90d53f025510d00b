"""Name what a run audits: workspace, repository, policy, waivers, and who runs it.

What is known before the run is shown in the first line of the terminal. Which workspace it was is
known for certain only when the environment step has asked Intercom.
"""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from httpx import URL
from pydantic import ValidationError

from helpers.core.errors import CollectionError, ConfigurationError
from helpers.core.model import CodeState, HashedFile, Known, Partial, Subject
from helpers.core.settings import Profile, Settings
from helpers.core.steps import STEPS, step_named
from helpers.core.workspaces import workspace_named
from helpers.intercom.called_hosts import named_host
from helpers.intercom.regions import configured_url
from helpers.notebook.context_factory import (
    path_of,
    policy_file,
    policy_of,
    repository_of,
    settings_of,
    waivers_file,
)
from helpers.notebook.parameters import Choices
from helpers.notebook.sandbox_profile import NOW, REPOSITORY
from helpers.report.build import read_snapshot
from helpers.report.repositories import SeenRepository, plain_remote
from helpers.system.git import GitRepository, find_repository

__all__ = [
    "code_state",
    "hashed",
    "seen_repository",
    "subject_of",
    "with_period",
    "with_workspace",
]


def subject_of(choices: Choices, steps: Sequence[str]) -> Subject:
    """What is known before a run starts. Raises ConfigurationError for an unreadable file."""
    workspace = workspace_named(choices.profile)
    subject = Subject(
        profile=choices.profile,
        environment="" if workspace.file is None else workspace.environment.value,
        owner=workspace.owner,
        policy=hashed(policy_file(choices)),
        waivers=hashed(waivers_file(choices)),
        run_by=_operator(),
        left_out=tuple(step.name for step in STEPS if step.name not in steps),
    )
    known = _demo(choices) if choices.profile == Profile.SANDBOX else _live(choices)
    return subject.model_copy(update=known)


def with_workspace(subject: Subject, run: Path) -> Subject:
    """The subject with the workspace that the environment step saw, if it saw one."""
    workspace = _fact(run, "environment", "workspace")
    if not isinstance(workspace, Known):
        return subject
    seen = {"workspace": workspace.value.app_id, "region": workspace.value.region}
    return subject.model_copy(update=seen)


def with_period(subject: Subject, run: Path) -> Subject:
    """The subject with the period of the activity log that the audit step examined, if it did."""
    activity = _fact(run, "auditlog", "activity")
    if not isinstance(activity, Known | Partial):
        return subject
    start, end = activity.value.start, activity.value.end
    part = ", in part" if isinstance(activity, Partial) else ""
    return subject.model_copy(update={"period": f"{start:%Y-%m-%d} to {end:%Y-%m-%d}{part}"})


def _fact(run: Path, step: str, name: str) -> Any:
    """A datum of a step's snapshot; None without a snapshot."""
    try:
        return getattr(read_snapshot(run, step_named(step)).facts, name)
    except (OSError, ValidationError):
        return None


def hashed(path: Path | None) -> HashedFile | None:
    """The name and hash of a file, None for none."""
    if path is None:
        return None
    return HashedFile(name=path.name, sha256=sha256(path.read_bytes()).hexdigest())


def code_state(folder: Path) -> CodeState:
    """The state of the repository that a folder is in; the name alone where git can't say."""
    repository = None
    with suppress(CollectionError):
        repository = find_repository(folder)
    if repository is None:
        return CodeState(name=folder.resolve().name)
    return CodeState(
        name=repository.place.name,
        remote=_remote(repository),
        branch=_said(repository, "symbolic-ref", "--short", "HEAD") or "",
        commit=_said(repository, "rev-parse", "--verify", "HEAD") or "",
        dirty=_dirty(repository),
    )


def seen_repository(choices: Choices) -> SeenRepository:
    """What tells a repository from another one: its place, remote, first commits and name.

    A folder without git, and one that git can't read, is known by its place alone.
    """
    folder = repository_of(choices).resolve()
    names = workspace_named(choices.profile).repositories
    name = next((name for name, place in names.items() if place == folder), "")
    repository = None
    with suppress(CollectionError):
        repository = find_repository(folder)
    if repository is None:
        return SeenRepository(folder, name)
    place = repository.folders.common.resolve()
    return SeenRepository(place, name, plain_remote(_remote(repository)), _roots(repository))


def _roots(repository: GitRepository) -> frozenset[str]:
    """The first commits of what is checked out; none where the history was cut off."""
    if repository.shallow:
        return frozenset()
    return frozenset((_said(repository, "rev-list", "--max-parents=0", "HEAD") or "").split())


def _demo(choices: Choices) -> dict[str, object]:
    named = path_of(choices.repo)
    repository = code_state(named) if named else CodeState(name=REPOSITORY)
    return {"clock": f"demo clock, {NOW.day} {NOW:%B %Y}", "repository": repository}


def _live(choices: Choices) -> dict[str, object]:
    settings = settings_of(choices, secrets=False)
    pinned = settings.text("INTERCOM_APP_ID") or policy_of(choices).environment.app_id
    return {
        "workspace": pinned,
        "region": settings.text("INTERCOM_REGION"),
        "host": _host(settings),
        "repository": code_state(repository_of(choices)),
    }


def _host(settings: Settings) -> str:
    """The configured host; the environment step reports one that can't be used."""
    try:
        return named_host(URL(configured_url(settings)))
    except ConfigurationError:
        return ""


def _remote(repository: GitRepository) -> str:
    try:
        return repository.remote()
    except CollectionError:
        return ""


def _dirty(repository: GitRepository) -> bool | None:
    """Whether tracked files differ. Git would read a submodule's own settings, so it skips them."""
    if repository.folders.tree is None:
        return None
    options = ("--porcelain", "--untracked-files=no", "--ignore-submodules=all")
    said = _said(repository, "status", *options)
    return None if said is None else bool(said)


def _said(repository: GitRepository, *arguments: str) -> str | None:
    try:
        return repository.output(*arguments).decode("utf-8", "replace").strip()
    except CollectionError:
        return None


def _operator() -> str:
    """The OS user, not what a variable says, and the host."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = f"uid {number}"
    return f"{name}@{socket.gethostname()}"
