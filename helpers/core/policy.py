"""What a team allows, per environment: `policy.toml`, with good defaults.

Top-level tables hold for every profile; `[profiles.<name>.<table>]` overrides them for one. A wrong
key or value is a ConfigurationError that names the line and what is allowed. Days are whole days.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, ValidationError

from helpers.core.errors import ConfigurationError
from helpers.core.model import Record
from helpers.core.settings import read_bounded

__all__ = [
    "AccessPolicy",
    "Acts",
    "AuditPolicy",
    "ConsumerPolicy",
    "EnvironmentPolicy",
    "ExposurePolicy",
    "Limits",
    "Policy",
    "PolicySource",
    "RotationPolicy",
    "ScopePolicy",
    "WaiverPolicy",
    "load_policy",
    "load_restricted_policy",
]

Days = Annotated[int, Field(ge=1, le=3650)]
Hour = Annotated[int, Field(ge=0, le=24)]

_READS: Final = (
    "read_single_admin",
    "read_admins",
    "read_users_companies",
    "read_conversations",
    "read_tags",
)


_MAX_AGE_DAYS: Final = {
    "access_token": 90,
    "client_secret": 180,
    "identity_secret": 180,
    "fin_agent_secret": 180,
}


class EnvironmentPolicy(Record):
    """What the set-up must look like."""

    api_version: str = Field(default="2.16", pattern=r"^(\d+\.\d+|Preview)$")
    app_id: str = ""  # the workspace this profile must talk to; empty: not pinned


class ExposurePolicy(Record):
    """How wide the search for exposed secrets is: every rule, or Intercom's alone."""

    rules: Annotated[str, Field(pattern="^(all|intercom)$")] = "all"


class ConsumerPolicy(Record):
    """What uses a key; it reports the key's fingerprint in a file, at a URL, or by a person."""

    name: str
    variable: str = "INTERCOM_ACCESS_TOKEN"
    fingerprint_file: str = ""
    fingerprint_url: str = ""


class RotationPolicy(Record):
    """How old a key may get, who owns it, where it is stored, and who uses it.

    `store` is `env`, `keyring`, `aws:<secret id>` or `vault:<mount>/<path>`; `apps` names the app
    in the Developer Hub that a variable's key belongs to, as Intercom's log names it.
    """

    max_age_days: Mapping[str, Days] = _MAX_AGE_DAYS
    warn_at_percent: tuple[int, ...] = (60, 80, 100)
    owner: str = ""
    owners: Mapping[str, str] = {}  # by variable, where it is not `owner`
    max_open_days: Days = 7  # how long a rotation may stay open
    store: Annotated[
        str, Field(pattern=r"^(env|keyring|aws:[\w/+=.@-]+|vault:[\w-]+/[\w/.-]+)$")
    ] = "env"
    consumers: tuple[ConsumerPolicy, ...] = ()
    apps: Mapping[str, str] = {}

    def limit(self, kind: str) -> int:
        """The greatest age of this kind of secret, in days."""
        return {**_MAX_AGE_DAYS, **self.max_age_days}[kind]

    def owner_of(self, variable: str) -> str:
        """Who is responsible for rotating a variable's key; empty if nobody is named."""
        return self.owners.get(variable) or self.owner


class ScopePolicy(Record):
    """The scopes a token of this profile may hold, by their machine keys (`runbook scopes`)."""

    allowed: tuple[str, ...] = _READS


class AccessPolicy(Record):
    """Who may be in the workspace.

    Intercom reports a role's name, not what it allows. `full_access_roles` names the roles that
    count as full access, `limited_roles` those that a person knows to be smaller; every other role
    is unknown.
    """

    allowed_domains: tuple[str, ...] = ()
    dormant_days: Days = 90
    max_full_access: Annotated[int, Field(ge=0)] = 5
    full_access_roles: tuple[str, ...] = ("Admin", "Full access", "Owner", "Super admin")
    limited_roles: tuple[str, ...] = ()

    def full_access(self, role: str) -> bool | None:
        """Whether a role is full access; None where the policy does not name it."""
        if role.strip().casefold() in _names(self.full_access_roles):
            return True
        return False if role.strip().casefold() in _names(self.limited_roles) else None


def _names(roles: tuple[str, ...]) -> frozenset[str]:
    return frozenset(role.strip().casefold() for role in roles)


def _known_zone(name: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a name of the tz database, such as Europe/Berlin") from None
    return name


class AuditPolicy(Record):
    """What the audit log must hold, and when people work."""

    retention_days: Days = 400
    max_gap_days: Days = 30
    review_days: Days = 31
    lookback_days: Days = 30
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    working_hours: tuple[Hour, Hour] = (7, 20)
    mirror_contact: str = ""  # user_id of the contact whose events mirror the log
    syslog: str = ""  # udp://host:514, tcp://host:601 or unix:///dev/log


class Limits(Record):
    """How much is taken from Intercom before the audit stops reading and says so.

    `pages` of one list; `megabytes` of one answer, unpacked; `depth` of its nesting; `values` in
    it; `call_seconds` for one call with its repetitions, `list_seconds` for one list.
    """

    pages: Annotated[int, Field(ge=1, le=100_000)] = 2000
    megabytes: Annotated[int, Field(ge=1, le=1024)] = 48
    values: Annotated[int, Field(ge=1000)] = 2_000_000
    depth: Annotated[int, Field(ge=8, le=400)] = 64
    call_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    list_seconds: Annotated[int, Field(ge=1, le=86_400)] = 120


class WaiverPolicy(Record):
    """Which waivers are accepted: how far ahead they end, and which may cover every resource.

    `any_resource` gives, for a check's id, the reason why a waiver of it may have the resource `*`.
    """

    max_waiver_days: Days = 365
    any_resource: Mapping[str, Annotated[str, Field(min_length=1)]] = {}


class Acts(Record):
    """What may change something. Off means: MANUAL in the report, never PASS."""

    mirror: bool = False
    rotation: bool = False
    webhook_battery: bool = False
    write_probes: bool = False


class Policy(Record):
    """The policy of one profile."""

    environment: EnvironmentPolicy = EnvironmentPolicy()
    exposure: ExposurePolicy = ExposurePolicy()
    rotation: RotationPolicy = RotationPolicy()
    scopes: ScopePolicy = ScopePolicy()
    access: AccessPolicy = AccessPolicy()
    auditlog: AuditPolicy = AuditPolicy()
    limits: Limits = Limits()
    acts: Acts = Acts()
    waivers: WaiverPolicy = WaiverPolicy()


# What sends something, runs something, decides where a secret is kept, or allows more waivers.
_ARMING: Final[Mapping[str, tuple[str, ...]]] = {
    "acts": tuple(Acts.model_fields),
    "rotation": ("store", "consumers"),
    "auditlog": ("mirror_contact", "syslog"),
    "limits": tuple(Limits.model_fields),
    "waivers": tuple(WaiverPolicy.model_fields),
}
_DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "sandbox": {
        "acts": {"mirror": True, "rotation": True, "webhook_battery": True, "write_probes": True},
        "auditlog": {"mirror_contact": "runbook-audit"},
        "access": {
            "allowed_domains": ["example.com"],
            "limited_roles": ["API service account", "Support agent", "Support lead"],
        },
        "rotation": {
            "owner": "maya@example.com",
            "apps": {
                "INTERCOM_ACCESS_TOKEN": "Support automation",
                "INTERCOM_READ_TOKEN": "Audit reader",
                "INTERCOM_WRITE_TOKEN": "Event writer",
            },
        },
    },
    "development": {},
    "staging": {"scopes": {"allowed": [*_READS, "write_events"]}},
    "production": {},
}


class PolicySource(Record):
    """The file that a policy came from; what it may not decide is `ignored`.

    A policy that came with the audited repository was written by whoever can push there. It sets
    thresholds, and turns nothing on.
    """

    file: str = ""
    from_repository: bool = False
    ignored: tuple[str, ...] = ()


def load_restricted_policy(profile: str, path: Path) -> tuple[Policy, PolicySource]:
    """The policy of a file in the audited repository, without what would arm something."""
    given, default = load_policy(profile, path), load_policy(profile)
    ignored = [
        f"{table}.{key}"
        for table, keys in _ARMING.items()
        for key in keys
        if getattr(getattr(given, table), key) != getattr(getattr(default, table), key)
    ]
    tables = {
        table: getattr(given, table).model_copy(
            update={key: getattr(getattr(default, table), key) for key in keys}
        )
        for table, keys in _ARMING.items()
    }
    source = PolicySource(file=path.name, from_repository=True, ignored=tuple(ignored))
    return given.model_copy(update=tables), source


def load_policy(profile: str, path: Path | None = None) -> Policy:
    """The policy of a profile: the defaults, overlaid with the file.

    Raises ConfigurationError, with the line, where the file is not TOML or holds a value that is
    not allowed.
    """
    text = _read(path) if path else ""
    document = _parse(text, path)
    profiles = document.pop("profiles", {})
    unknown = set(profiles) - set(_DEFAULTS)
    if unknown:
        raise _refuse(path, text, ("profiles", min(unknown)), f"use one of {', '.join(_DEFAULTS)}")
    merged = _overlay(_overlay(_DEFAULTS.get(profile, {}), document), profiles.get(profile, {}))
    try:
        return Policy.model_validate(merged)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = tuple(str(part) for part in first["loc"])
        raise _refuse(path, text, where, _choice(where, first["msg"])) from None


def _read(path: Path) -> str:
    try:
        return read_bounded(path).decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"{path} can't be read: it is not UTF-8.", "Fix it or name another file."
        ) from None


def _parse(text: str, path: Path | None) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.", "Fix that line.") from None


def _overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _overlay(old, value) if both else value  # type: ignore[arg-type]
    return merged


def _refuse(
    path: Path | None, text: str, where: tuple[str, ...], choice: str
) -> ConfigurationError:
    line = _line_of(text, where)
    return ConfigurationError(
        f"{path}, line {line}: {'.'.join(where)} can't be used.", f"Choice: {choice}."
    )


def _line_of(text: str, where: tuple[str, ...]) -> int:
    """The line that says the last name of a dotted path (tomllib keeps no positions)."""
    names = [name for name in where if not name.isdigit()]
    for name in reversed(names):
        pattern = re.compile(rf"^\s*(\[.*\b{re.escape(name)}\b.*\]|\"?{re.escape(name)}\"?\s*=)")
        for number, line in enumerate(text.splitlines(), 1):
            if pattern.match(line):
                return number
    return 1


def _choice(where: tuple[str, ...], message: str) -> str:
    """Say what is allowed: the known keys for an unknown one, else pydantic's own words."""
    model: Any = Policy
    for name in where[:-1]:
        field = getattr(model, "model_fields", {}).get(name)
        model = field.annotation if field else None
    fields = getattr(model, "model_fields", {})
    if where[-1] not in fields and fields:
        return f"the keys here are {', '.join(fields)}"
    return message[0].lower() + message[1:]
