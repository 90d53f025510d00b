"""From a notebook's choices to a context: settings, policy, waivers, redactor, places, clock."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.core.commands import CommandTarget, program, set_target
from helpers.core.context import Context, Recorder
from helpers.core.errors import ConfigurationError
from helpers.core.jupyter import in_jupyterlab
from helpers.core.policy import Limits, Policy, PolicySource
from helpers.core.policy_file import load_policy, load_restricted_policy
from helpers.core.redaction import Redactor
from helpers.core.settings import (
    TRUST_POLICY,
    WORKSPACES,
    Profile,
    Settings,
    load_settings,
    state_home,
)
from helpers.core.steps import RECORDER, imported
from helpers.core.waivers import Waiver, load_repository_waivers, load_waivers
from helpers.core.workspaces import readable_workspaces, workspace_named
from helpers.notebook.parameters import Choices
from helpers.notebook.sandbox_profile import demo_secrets, open_demo
from helpers.rotation.stores.source import read_stored
from helpers.system.git import top_level
from helpers.system.provenance import is_tracked, text_on_default_branch

if TYPE_CHECKING:
    from helpers.intercom.client import Client

__all__ = [
    "close_at_exit",
    "open_context",
    "path_of",
    "policy_file",
    "policy_of",
    "policy_source_of",
    "redactor_of",
    "repository_of",
    "settings_of",
    "target_of",
    "usual_policy_of",
    "waivers_file",
    "waivers_of",
    "waivers_place",
]


def open_context(workspace: str, choices: Choices, closing: ExitStack) -> Context:
    """The context of these choices; the sandbox profile gets a demo of its own.

    Raises ConfigurationError or UsageError, each with its advice, for choices that can't be used.
    """
    set_target(target_of(choices))
    policy, source = _policy(choices)
    if choices.profile == Profile.SANDBOX:
        demo = open_demo(workspace, closing)
        repo = path_of(choices.repo) or demo.repo
        redactor = redactor_of(demo.settings)
        context = Context(
            demo.settings, policy, redactor, repo, demo.state, demo.clock, hub=demo.hub
        )
    else:
        settings = settings_of(choices)
        redactor, repo = redactor_of(settings), repository_of(choices)
        state = state_home(settings.workspace)
        context = Context(settings, policy, redactor, repo, state, _utc_now)
        context.record = _recorder(state, redactor)
    context.client_factory = partial(_client, limits=policy.limits)
    context.policy_source = source
    closing.callback(context.close)
    context.observed = tuple(_paths_of(choices.observed or ""))
    return context


def target_of(choices: Choices) -> CommandTarget:
    """What the commands that are printed for these choices are about, by absolute paths.

    In the demo they are the same on every machine, as they stand in the committed notebooks.
    """
    if choices.profile == Profile.SANDBOX:
        return CommandTarget(profile=choices.profile, repo=str(path_of(choices.repo) or ""))
    return CommandTarget(
        program=program(),
        profile=choices.profile,
        repo=str(repository_of(choices)),
        env_file=str(path_of(choices.env_file) or ""),
        policy=str(path_of(choices.policy) or ""),
        workspaces=os.environ.get(WORKSPACES, ""),
    )


def close_at_exit(closing: ExitStack) -> None:
    """Close what was opened; in JupyterLab when the kernel exits.

    A person who ran all cells may go back to the forms and cells above, which still need the step,
    the demo and the redactor.
    """
    if in_jupyterlab():
        atexit.register(closing.close)
    else:
        closing.close()


def _client(settings: Settings, limits: Limits) -> Client:
    from helpers.intercom.client import Client

    return Client.from_settings(settings, limits=limits)


def _recorder(state: Path, redactor: Redactor) -> Recorder:
    """A function that writes the runbook's own actions into the profile's audit log."""

    def write(action: str, /, **details: Any) -> object:
        return imported(RECORDER)(state, action, redactor=redactor, **details)

    return write


def settings_of(choices: Choices, *, secrets: bool = True) -> Settings:
    """The variables of a real workspace; without `secrets` no store is asked for any.

    Raises ConfigurationError, and StoreError where a store can't be read.
    """
    workspace, env_file = workspace_named(choices.profile), path_of(choices.env_file)
    return load_settings(
        workspace,
        repository_of(choices),
        env_file=env_file,
        tracked=is_tracked,
        stored=read_stored(workspace) if secrets and not env_file else None,
    )


def policy_of(choices: Choices) -> Policy:
    """The policy: the named file, else `policy.toml` in the repository, else defaults."""
    return _policy(choices)[0]


def policy_source_of(choices: Choices) -> PolicySource:
    """Where the policy comes from, and what it may not decide."""
    return _policy(choices)[1]


def usual_policy_of(choices: Choices) -> Policy | None:
    """The built-in policy, where another one came with the audited repository."""
    if not policy_source_of(choices).from_repository:
        return None
    return load_policy(workspace_named(choices.profile).environment)


def _policy(choices: Choices) -> tuple[Policy, PolicySource]:
    """The policy and its source. One in the audited repository may turn nothing on."""
    profile = workspace_named(choices.profile).environment
    path = policy_file(choices)
    if path and _in_repository(choices, path) and not os.environ.get(TRUST_POLICY):
        return load_restricted_policy(profile, path)
    return load_policy(profile, path), PolicySource(file=path.name if path else "")


def _in_repository(choices: Choices, path: Path) -> bool:
    """Whether a file came with the audited repository: also by a link there to one elsewhere."""
    project = _project(choices)
    resolved = bool(project and path.resolve().is_relative_to(project.resolve()))
    return resolved or bool(project and path.absolute().is_relative_to(project.absolute()))


def waivers_of(choices: Choices) -> tuple[Waiver, ...]:
    """The workspace's waivers: `waivers.toml` beside the policy, else in the repository."""
    path = waivers_file(choices)
    if path and _in_repository(choices, path):
        found = load_repository_waivers(path, text_on_default_branch(path))
    else:
        found = load_waivers(path)
    return tuple(waiver for waiver in found if waiver.is_of(choices.profile))


def waivers_file(choices: Choices) -> Path | None:
    """The file of the waivers, if there is one."""
    path = waivers_place(choices)
    return path if path and path.is_file() else None


def waivers_place(choices: Choices) -> Path | None:
    """Where the waivers are, or would be: beside the policy, else in the repository."""
    policy = policy_file(choices)
    folder = policy.parent if policy else _project(choices)
    return folder / "waivers.toml" if folder else None


def redactor_of(settings: Settings) -> Redactor:
    """A redactor that knows every secret of every workspace that this machine can see."""
    redactor = Redactor()
    for kind, value in demo_secrets() if settings.profile is Profile.SANDBOX else ():
        redactor.register(kind, value)
    for seen in (settings, *_others(settings), *_ignored(settings)):
        for credential in seen.credentials():
            redactor.register(credential.kind, credential.value.get_secret_value())
    return redactor


def path_of(text: str) -> Path | None:
    """An absolute path, or None for an empty parameter."""
    return Path(text).expanduser().resolve() if text else None


def _paths_of(text: str) -> Iterator[Path]:
    """The paths in a parameter that takes many, between commas."""
    for one in text.split(","):
        if path := path_of(one.strip()):
            yield path


def repository_of(choices: Choices) -> Path:
    """The folder to audit: named, or the repository of the working directory, or that folder."""
    here = Path.cwd()
    return path_of(choices.repo) or top_level(here) or here


def _project(choices: Choices) -> Path | None:
    """The folder of a team's own files; the demo has none, unless a repository is named."""
    if choices.profile == Profile.SANDBOX:
        return path_of(choices.repo)
    return repository_of(choices)


def policy_file(choices: Choices) -> Path | None:
    """The file of the policy: named, or `policy.toml` in the repository; None for defaults."""
    named, project = path_of(choices.policy), _project(choices)
    default = project / "policy.toml" if project else None
    return named or (default if default and default.is_file() else None)


def _ignored(settings: Settings) -> list[Settings]:
    """The env files that git tracks: never a source, but what they hold is redacted."""
    paths = [settings.project / name for name in settings.ignored]
    return [
        load_settings(Profile.PRODUCTION, settings.project, environ={}, env_file=path)
        for path in paths
    ]


def _others(settings: Settings) -> Iterator[Settings]:
    """The other workspaces, as far as reading their secrets asks nobody."""
    for profile in Profile:
        path = settings.project / f".env.{profile}"
        if path.is_file():
            yield load_settings(profile, settings.project, environ={}, env_file=path)
    for workspace in readable_workspaces():
        if workspace.name != settings.name:
            with suppress(ConfigurationError):  # what can't be read is none of this one's concern
                yield load_settings(workspace, settings.project)


def _utc_now() -> datetime:
    return datetime.now(UTC)
