"""What the environment step collects. Secrets are here by fingerprint alone."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from helpers.core.model import Datum, Record, Unavailable
from helpers.core.policy import PolicySource

__all__ = [
    "ApiHost",
    "EnvFile",
    "EnvironmentFacts",
    "ExampleFile",
    "IgnoreRule",
    "ProfileCredentials",
    "Shape",
    "TrackedSecret",
    "VariableState",
    "WorkspaceIdentity",
]


_NOT_RECORDED: Final = Unavailable(reason="This run did not record it yet.", call="snapshot")


class Shape(StrEnum):
    """What a value looks like."""

    WELL_FORMED = "well-formed"
    UNSET = "unset"
    PLACEHOLDER = "placeholder"
    FOREIGN = "another service's key"
    MALFORMED = "malformed"
    GUESSABLE = "too short, or a word, to be redacted"


class VariableState(Record):
    """One variable of the audited profile."""

    name: str
    kind: str
    shape: Shape
    origin: str = ""
    fingerprint: str = ""


class IgnoreRule(Record):
    """Whether git ignores a name, by its own `check-ignore`, and which rule says so."""

    name: str
    ignored: bool
    rule: str = ""
    source: str = ""  # the file that holds the rule, as git names it

    @property
    def shared(self) -> bool:
        """Whether a .gitignore of the repository ignores it, and so every clone does."""
        return self.ignored and self.source.rpartition("/")[2] == ".gitignore"


class EnvFile(Record):
    """An env file that exists. `mode` is in octal, as `ls` and `chmod` show it."""

    name: str
    mode: str
    tracked: bool
    owner_only: bool
    on_disk: bool = True


class ExampleFile(Record):
    """`.env.example`: the names it lists, those with a value, and those it lacks."""

    exists: bool
    names: tuple[str, ...] = ()
    with_values: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class ProfileCredentials(Record):
    """The secrets of one profile that this machine can see: variable to fingerprint."""

    profile: str
    app_id: str
    fingerprints: tuple[tuple[str, str], ...]
    comparable: tuple[tuple[str, str], ...] = ()  # the same for one value, whatever its kind


class TrackedSecret(Record):
    """A configured secret that a tracked file holds."""

    variable: str
    paths: tuple[str, ...]


class WorkspaceIdentity(Record):
    """What `/me` says of the workspace."""

    app_id: str
    name: str
    region: str


class ApiHost(Record):
    """The host that the access token would go to. If it is not `allowed`, `refused` says why."""

    host: str
    whose: str
    origin: str = ""
    allowed: bool = True
    refused: str = ""


class EnvironmentFacts(Record):
    """All that the environment step knows."""

    variables: Datum[tuple[VariableState, ...]]
    ignore_rules: Datum[tuple[IgnoreRule, ...]]
    env_files: Datum[tuple[EnvFile, ...]]
    example: Datum[ExampleFile]
    tracked_secrets: Datum[tuple[TrackedSecret, ...]]
    profiles: Datum[tuple[ProfileCredentials, ...]]
    workspace: Datum[WorkspaceIdentity]
    expected_app_id: Datum[str]
    expected_region: Datum[str]
    api_host: Datum[ApiHost] = _NOT_RECORDED
    policy_source: Datum[PolicySource] = _NOT_RECORDED
