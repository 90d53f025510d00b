"""Collect how the environment is set up: variables, env files, git's view, the workspace."""

from __future__ import annotations

import base64
import binascii
import io
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from helpers.core.context import Context
from helpers.core.errors import ConfigurationError, RunbookError
from helpers.core.model import Cause, Datum, Known, Unavailable
from helpers.core.redaction import fingerprint, is_redactable
from helpers.core.settings import VARIABLES, Profile, Settings, load_settings, read_bounded
from helpers.core.workspaces import readable_workspaces
from helpers.environment.records import (
    ApiHost,
    EnvFile,
    EnvironmentFacts,
    ExampleFile,
    IgnoreRule,
    ProfileCredentials,
    Shape,
    TrackedSecret,
    VariableState,
    WorkspaceIdentity,
)
from helpers.intercom.answers import WorkspaceApp
from helpers.intercom.regions import base_url, configured_url
from helpers.intercom.trusted_hosts import host_kind
from helpers.system.git import git, git_ok

__all__ = ["collect", "shape_of"]

MUST_BE_IGNORED: Final = (
    ".env",
    ".env.local",
    ".env.development.local",
    ".env.staging.local",
    ".env.production.local",
)


def collect(context: Context) -> EnvironmentFacts:
    """Read the set-up of the audited profile. Nothing is changed."""
    return EnvironmentFacts(
        variables=Known(tuple(_variables(context))),
        ignore_rules=_ignore_rules(context.repo),
        env_files=_env_files(context),
        example=_example(context.repo / ".env.example"),
        tracked_secrets=_tracked_secrets(context),
        profiles=_profiles(context),
        workspace=_workspace(context),
        expected_app_id=_expected_app_id(context),
        api_host=_api_host(context.settings),
        policy_source=Known(context.policy_source),
        expected_region=Known(context.settings.text("INTERCOM_REGION", "us")),
    )


def _variables(context: Context) -> Iterator[VariableState]:
    for variable in VARIABLES:
        if not variable.secret:
            continue
        found = context.settings.credential(variable.name)
        yield VariableState(
            name=variable.name,
            kind=variable.kind,
            shape=shape_of(variable.kind, found.value.get_secret_value()) if found else Shape.UNSET,
            origin=found.origin if found else "",
            fingerprint=found.fingerprint if found else "",
        )


def _ignore_rules(repo: Path) -> Datum[tuple[IgnoreRule, ...]]:
    names = {*MUST_BE_IGNORED, *(path.name for path in _existing(repo))}
    try:
        return Known(tuple(_ignore_rule(repo, name) for name in sorted(names)))
    except RunbookError as error:
        return Unavailable(reason=str(error), call="git check-ignore")


def _ignore_rule(repo: Path, name: str) -> IgnoreRule:
    """`--no-index`, as a tracked file would otherwise count as not ignored.

    Without the user's own ignore file, which git reads by default: no other clone has it.
    """
    asked = ("-c", "core.excludesFile=/dev/null", "check-ignore", "--no-index")
    if not git_ok(repo, *asked, "--quiet", name):
        return IgnoreRule(name=name, ignored=False)
    shown = git(repo, *asked, "--verbose", name).decode("utf-8", "replace")
    source, _, rule = shown.partition("\t")[0].split(":", 2)
    return IgnoreRule(name=name, ignored=True, rule=rule, source=source)


def _existing(repo: Path) -> Iterator[Path]:
    """The env files in the top folder; the example is no secret."""
    for path in sorted(repo.glob(".env*")):
        named = path.name == ".env" or path.name.startswith(".env.")
        if named and path.name != ".env.example" and path.is_file():
            yield path


def _env_files(context: Context) -> Datum[tuple[EnvFile, ...]]:
    """Every env file of the repository, in any folder, and those that the profile reads."""
    repo = context.repo
    try:
        tracked = _named_env(repo)
        names = {path.name for path in _existing(repo)} | tracked | _named_env(repo, "--others")
        inside = [_env_file(repo / name, name, tracked) for name in sorted(names)]
        return Known((*inside, *_elsewhere(context)))
    except (RunbookError, OSError) as error:
        return Unavailable(reason=str(error), call="git ls-files")


def _named_env(repo: Path, *options: str) -> set[str]:
    listed = git(repo, "ls-files", "-z", *options, "--", ".env", ".env.*", "*/.env", "*/.env.*")
    names = {name for name in listed.decode("utf-8", "surrogateescape").split("\0") if name}
    return {name for name in names if not name.endswith(".env.example")}


def _elsewhere(context: Context) -> Iterator[EnvFile]:
    """The env files of the profile that lie outside of the repository."""
    settings, repo = context.settings, context.repo.resolve()
    named = settings.env_file
    read = (named,) if named else (settings.project / f".env.{settings.name}",)
    for path in (*read, settings.project / ".env"):
        if path.is_file() and not path.resolve().is_relative_to(repo):
            yield _env_file(path, f"{path.name} (outside the repository)", set())


def _env_file(path: Path, name: str, tracked: set[str]) -> EnvFile:
    on_disk = path.is_file()
    mode = stat.S_IMODE(path.stat().st_mode) if on_disk else 0
    return EnvFile(
        name=name.encode("utf-8", "replace").decode(),
        mode=f"{mode:04o}",
        tracked=name in tracked,
        owner_only=not mode & 0o077,
        on_disk=on_disk,
    )


def _example(path: Path) -> Datum[ExampleFile]:
    from dotenv.parser import parse_stream

    if not path.is_file():
        return Known(ExampleFile(exists=False, missing=tuple(v.name for v in VARIABLES)))
    try:
        text = read_bounded(path).decode("utf-8-sig")
    except ConfigurationError as error:
        return Unavailable(reason=error.message, call="read .env.example")
    except UnicodeDecodeError:
        return Unavailable(reason=".env.example is not UTF-8.", call="read .env.example")
    values = {one.key: one.value for one in parse_stream(io.StringIO(text)) if one.key}
    secrets = {variable.name for variable in VARIABLES if variable.secret}
    filled = tuple(name for name, value in values.items() if value and name in secrets)
    missing = tuple(variable.name for variable in VARIABLES if variable.name not in values)
    return Known(ExampleFile(exists=True, names=tuple(values), with_values=filled, missing=missing))


def _tracked_secrets(context: Context) -> Datum[tuple[TrackedSecret, ...]]:
    """Search for the configured values themselves; patterns go by standard input, not argv."""
    try:
        return Known(tuple(_tracked(context)))
    except RunbookError as error:
        return Unavailable(reason=str(error), call="git grep")


def _tracked(context: Context) -> Iterator[TrackedSecret]:
    for credential in context.settings.credentials():
        pattern = credential.value.get_secret_value().encode()
        if not git_ok(context.repo, "grep", "-q", "-a", "-F", "-f", "-", stdin=pattern):
            continue
        listed = git(context.repo, "grep", "-l", "-z", "-a", "-F", "-f", "-", stdin=pattern)
        paths = listed.decode("utf-8", "replace").rstrip("\0").split("\0")
        yield TrackedSecret(variable=credential.variable, paths=tuple(sorted(paths)))


def _profiles(context: Context) -> Datum[tuple[ProfileCredentials, ...]]:
    """The audited profile, and every other one whose own env file is here."""
    try:
        others = list(_other_profiles(context))
    except ConfigurationError as error:
        return Unavailable(reason=str(error), call="read the env files of the other profiles")
    demo = context.settings.profile is Profile.SANDBOX and others
    audited = [] if demo else [context.settings]
    return Known(tuple(_credentials_of(settings) for settings in (*audited, *others)))


def _other_profiles(context: Context) -> Iterator[Settings]:
    project = context.settings.project
    for profile in Profile:
        path = project / f".env.{profile}"
        if profile != context.settings.name and path.is_file():
            yield load_settings(profile, project, environ={}, env_file=path)
    if context.settings.profile is not Profile.SANDBOX:  # the demo is the same on every machine
        for workspace in readable_workspaces():
            if workspace.name != context.settings.name:
                yield load_settings(workspace, project)


def _credentials_of(settings: Settings) -> ProfileCredentials:
    return ProfileCredentials(
        profile=settings.name,
        app_id=settings.text("INTERCOM_APP_ID"),
        fingerprints=tuple((c.variable, c.fingerprint) for c in settings.credentials()),
        comparable=tuple(
            (c.variable, fingerprint("any secret", c.value.get_secret_value()))
            for c in settings.credentials()
        ),
    )


def _workspace(context: Context) -> Datum[WorkspaceIdentity]:
    try:
        app: WorkspaceApp = context.client.me().app
    except RunbookError as error:
        return Unavailable(reason=str(error), call="GET /me")
    return Known(
        WorkspaceIdentity(
            app_id=app.id_code,
            name=app.name or "",
            region=app.region or "",
        )
    )


def _api_host(settings: Settings) -> Datum[ApiHost]:
    """Whose the configured host is. Nothing is sent to find out."""
    import httpx  # heavy

    try:
        host = httpx.URL(configured_url(settings)).host
    except ConfigurationError as error:
        return Unavailable(reason=str(error), call="INTERCOM_BASE_URL")
    refused = ""
    try:
        base_url(settings)
    except ConfigurationError as error:
        refused = error.message
    name = "INTERCOM_BASE_URL" if settings.text("INTERCOM_BASE_URL") else "INTERCOM_REGION"
    origin = settings.origins.get(name, "")
    return Known(
        ApiHost(
            host=host,
            whose=host_kind(host).value,
            origin=origin,
            allowed=not refused,
            refused=refused,
        )
    )


def _expected_app_id(context: Context) -> Datum[str]:
    pinned = context.policy.environment.app_id or context.settings.text("INTERCOM_APP_ID")
    if pinned:
        return Known(pinned)
    return Unavailable(
        reason="No workspace is pinned: set INTERCOM_APP_ID to the workspace this profile means.",
        call="INTERCOM_APP_ID",
        cause=Cause.NOT_CONFIGURED,
    )


_PLACEHOLDER: Final = re.compile(
    r"^[<\[{].*[>\]}]$|your[_-]|changeme|change_me|placeholder|example|dummy|^x{4,}$|^(.)\1{7,}$|"
    r"insert[_-]|not_a_real",
    re.IGNORECASE,
)
_FOREIGN: Final = re.compile(r"^(sk_(live|test)_|pk_|rk_|AKIA|ghp_|gho_|xox[abp]-|SG\.|Bearer\s)")
_UUID: Final = re.compile(r"[0-9a-f]{8}([_-][0-9a-f]{4}){3}[_-][0-9a-f]{12}")
_SHORTEST: Final = 16


def shape_of(kind: str, value: str) -> Shape:
    """Judge the form of a secret. The value itself goes no further."""
    if not value:
        return Shape.UNSET
    if _FOREIGN.search(value):
        return Shape.FOREIGN
    if _PLACEHOLDER.search(value) or _PLACEHOLDER.search(_decoded(value)):
        return Shape.PLACEHOLDER
    if not is_redactable(value):
        return Shape.GUESSABLE
    formed = _is_access_token(value) if kind == "access_token" else _is_secret(value)
    return Shape.WELL_FORMED if formed else Shape.MALFORMED


def _is_access_token(value: str) -> bool:
    decoded = _decoded(value)
    return decoded.startswith("tok:") and bool(_UUID.search(decoded))


def _is_secret(value: str) -> bool:
    return len(value) >= _SHORTEST and value.isascii() and value.isprintable() and " " not in value


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
