"""The workspaces that an operator audits: `workspaces.toml`.

    [shop-eu]
    environment = "production"            # which policy applies
    region = "eu"
    app_id = "ab12cd34"                   # the id of the workspace; a token of another is refused
    secrets = "env-file:shop-eu.env"      # or environment:SHOP_EU_, keyring, aws:…, vault:…
    owner = "maya@example.com"

    [shop-eu.repositories]
    shop = "../shop"

The file is named by `--workspaces` or RUNBOOK_WORKSPACES, otherwise it lies in the operator's
configuration folder. One in an audited repository counts only if the operator names it. It holds
names, never a secret. Relative paths start at the file's own folder.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from helpers.core.errors import ConfigurationError, UsageError
from helpers.core.settings import (
    CONFIGURED,
    WORKSPACES,
    Profile,
    SecretSource,
    Workspace,
    read_bounded,
)

__all__ = [
    "FILE_NAME",
    "config_home",
    "load_workspaces",
    "parse_workspaces",
    "readable_workspaces",
    "workspace_named",
    "workspaces",
    "workspaces_file",
]

FILE_NAME: Final = "workspaces.toml"
_NAME: Final = r"[a-z0-9][a-z0-9-]{0,39}"
_RESERVED: Final = (*Profile, "latest")
_SOURCE: Final = re.compile(
    r"(?P<file>env-file:.+)|(?P<prefix>environment:[A-Z][A-Z0-9_]*_)|(?P<keyring>keyring)|"
    r"(?P<aws>aws:[\w/+=.@-]+)|(?P<vault>vault:[\w-]+/[\w/.-]+)"
)


class _Entry(BaseModel):
    """One table of the file, as written."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    environment: Literal["development", "staging", "production"]
    region: Literal["", "us", "eu", "au"] = ""
    app_id: str = Field(default="", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    base_url: str = Field(default="", pattern=r"^https?://[^\s@?#]+$", max_length=500)
    webhook_url: str = Field(default="", pattern=r"^https?://[^\s@]+$", max_length=500)
    owner: str = Field(default="", max_length=200)
    secrets: str = Field(default="", max_length=500)
    repositories: Mapping[str, str] = {}
    state: str = Field(default="", pattern=f"^{_NAME}$")


_EXPECTED: Final[Mapping[str, str]] = {
    "environment": '"development", "staging" or "production"',
    "region": '"us", "eu" or "au"',
    "app_id": 'the id of the workspace, such as "ab12cd34"',
    "base_url": 'an address such as "https://proxy.example.com"',
    "webhook_url": 'an address such as "https://example.com/webhooks/intercom"',
    "owner": 'who is responsible, such as "maya@example.com"',
    "secrets": (
        '"env-file:shop.env", "environment:SHOP_", "keyring", "aws:shop" or "vault:kv/shop"'
    ),
    "repositories": 'names and folders, such as repositories = { shop = "../shop" }',
    "state": "the name of a folder of state, such as a profile or an older name",
}


def config_home(environ: Mapping[str, str] | None = None) -> Path:
    """The operator's configuration folder, `$XDG_CONFIG_HOME/intercom-runbook`."""
    environ = os.environ if environ is None else environ
    xdg = environ.get("XDG_CONFIG_HOME")
    return (Path(xdg) if xdg else Path.home() / ".config") / "intercom-runbook"


def workspaces_file(environ: Mapping[str, str] | None = None) -> Path | None:
    """The operator's file, None if there is none. Raises UsageError if the named one is missing."""
    environ = os.environ if environ is None else environ
    named = environ.get(WORKSPACES)
    path = Path(named).expanduser().resolve() if named else config_home(environ) / FILE_NAME
    if path.exists():
        return path
    if named:
        raise UsageError(f"There is no file {path}.", f"Check --workspaces or {WORKSPACES}.")
    return None


def workspaces(environ: Mapping[str, str] | None = None) -> Mapping[str, Workspace]:
    """The workspaces of the operator's file, by name; empty without a file."""
    path = workspaces_file(environ)
    return load_workspaces(path) if path else {}


def readable_workspaces() -> tuple[Workspace, ...]:
    """The workspaces of the operator's file whose secrets can be read without asking a store."""
    listed = workspaces().values()
    return tuple(one for one in listed if one.secrets and one.secrets.local)


def workspace_named(name: str, environ: Mapping[str, str] | None = None) -> Workspace:
    """A profile, or a workspace of the operator's file. Raises UsageError with all names."""
    if name in list(Profile):
        return Workspace.of_profile(Profile(name))
    listed = workspaces(environ)
    if name in listed:
        return listed[name]
    known = ", ".join((*Profile, *listed))
    where = workspaces_file(environ)
    advice = f"The names are: {known}." + ("" if where else f" There is no {FILE_NAME}.")
    raise UsageError(f"There is no profile or workspace {name!r}.", advice)


def load_workspaces(path: Path) -> Mapping[str, Workspace]:
    """The workspaces that a file lists, by name.

    Raises ConfigurationError, with the line and what is expected, for anything else in the file.
    """
    try:
        return parse_workspaces(read_bounded(path).decode("utf-8"), path)
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8.", "Save it as UTF-8.") from None


def parse_workspaces(text: str, path: Path) -> Mapping[str, Workspace]:
    """The workspaces that a text lists, as the content of `path`. Raises as `load_workspaces`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.", "Fix that line.") from None
    found = {name: _workspace(name, entry, path, text) for name, entry in document.items()}
    _refuse_shared_state(found, path, text)
    return found


def _workspace(name: str, entry: Any, path: Path, text: str) -> Workspace:
    if not re.fullmatch(_NAME, name) or name in _RESERVED:
        taken = ", ".join(_RESERVED)
        raise _refused(
            path,
            text,
            (name,),
            f"a name of lower-case letters, digits and hyphens, and none of {taken}",
        )
    if not isinstance(entry, dict):
        raise _refused(path, text, (name,), f'a table, such as [{name}] environment = "production"')
    try:
        written = _Entry.model_validate(entry)
    except ValidationError as error:
        where = (name, *(str(part) for part in error.errors()[0]["loc"]))
        raise _refused(path, text, where, _expected(where[1])) from None
    if written.secrets and not _SOURCE.fullmatch(written.secrets):
        raise _refused(path, text, (name, "secrets"), _EXPECTED["secrets"])
    folder = path.parent
    return Workspace(
        name,
        Profile(written.environment),
        **written.model_dump(include=set(CONFIGURED.values()) | {"owner"}),
        secrets=_source(name, written.secrets, folder) if written.secrets else None,
        repositories={key: _below(folder, said) for key, said in written.repositories.items()},
        state=written.state or name,
        file=path,
    )


def _source(name: str, text: str, folder: Path) -> SecretSource:
    kind, _, place = text.partition(":")
    if kind == "env-file":
        return SecretSource(kind, str(_below(folder, place)))
    return SecretSource(kind, place or f"intercom-runbook/{name}")


def _below(folder: Path, path: str) -> Path:
    return (folder / Path(path).expanduser()).resolve()


def _refuse_shared_state(found: Mapping[str, Workspace], path: Path, text: str) -> None:
    """Two workspaces with one folder of state would be mixed up for ever."""
    holders: dict[str, str] = {}
    for name, workspace in found.items():
        other = holders.setdefault(workspace.state, name)
        if other != name:
            raise _refused(
                path, text, (name, "state"), f"another name: {other} has its state there"
            )


def _refused(path: Path, text: str, where: tuple[str, ...], choice: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path}, line {_line_of(text, where)}: {'.'.join(where)} can't be used.",
        f"Expected: {choice}.",
    )


def _expected(field: str) -> str:
    return _EXPECTED.get(field) or f"one of the keys {', '.join(_Entry.model_fields)}"


def _line_of(text: str, where: tuple[str, ...]) -> int:
    """The line of a key of a table, otherwise of the table (tomllib keeps no positions)."""
    header = re.compile(rf"""\s*\[\s*["']?{re.escape(where[0])}["']?\s*(\]|\.)""")
    key = re.compile(rf"""\s*["']?{re.escape(where[-1])}["']?\s*=""")
    within, table = False, 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("["):
            within = bool(header.match(line))
            table = table or number * within
        elif (within or not table) and key.match(line) and (within or len(where) == 1):
            return number
    return table or 1
