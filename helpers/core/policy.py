"""What a team allows, per environment: the tables and keys of `policy.toml`, with good defaults.

Each key carries what it means and an example. The file of `runbook policy init`, the JSON schema
for editors and the errors (`policy_file`) are made of these. Days are whole days.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from helpers.core.model import Record

__all__ = [
    "PROFILE_DEFAULTS",
    "AccessPolicy",
    "Acts",
    "AuditPolicy",
    "ConsumerPolicy",
    "EnvironmentPolicy",
    "ExposurePolicy",
    "Limits",
    "Policy",
    "PolicySource",
    "ReportPolicy",
    "RotationPolicy",
    "ScopePolicy",
    "WaiverPolicy",
]

Days = Annotated[int, Field(ge=1, le=3650)]
_SecretKind = Literal["access_token", "client_secret", "identity_secret", "fin_agent_secret"]

_Severity = Literal["critical", "high", "medium", "low"]

_READS: Final = (
    "read_single_admin",
    "read_admins",
    "read_users_companies",
    "read_conversations",
    "read_tags",
)
_MAX_AGE_DAYS: Final[Mapping[_SecretKind, int]] = {
    "access_token": 90,
    "client_secret": 180,
    "identity_secret": 180,
    "fin_agent_secret": 180,
}

_MINUTES: Final = 60


def _key(default: Any, about: str, *, example: Any = None) -> Any:
    """A key of the policy. Its example is its default, where that shows the form."""
    shown = default if example is None else example
    return Field(default=default, description=about, examples=[shown])


def _act(about: str) -> Any:
    return Field(default=False, description=about, examples=[True])


class EnvironmentPolicy(Record):
    """What the set-up must look like."""

    api_version: Annotated[str, Field(pattern=r"^(\d+\.\d+|Preview)$")] = _key(
        "2.16", "The version of Intercom's API that an app must use."
    )
    app_id: str = _key(
        "", "The workspace that this profile must reach; empty: any.", example="abc12345"
    )


class ExposurePolicy(Record):
    """How wide the search for exposed secrets is."""

    rules: Annotated[str, Field(pattern="^(all|intercom)$")] = _key(
        "all", "Every rule (all), or the rules for Intercom's own secrets (intercom)."
    )


class ConsumerPolicy(Record):
    """What uses a key; it reports the key's fingerprint in a file, at a URL, or by a person."""

    name: str = Field(description="What the team calls it.")
    variable: str = Field(default="INTERCOM_ACCESS_TOKEN", description="The key that it uses.")
    fingerprint_file: str = Field(default="", description="Where it writes the fingerprint.")
    fingerprint_url: str = Field(default="", description="Where it answers with the fingerprint.")


def _with_every_kind(given: Mapping[_SecretKind, int]) -> Mapping[_SecretKind, int]:
    return {**_MAX_AGE_DAYS, **given}


class RotationPolicy(Record):
    """How old a key may get, who owns it, where it is stored, and what uses it."""

    max_age_days: Annotated[Mapping[_SecretKind, Days], AfterValidator(_with_every_kind)] = _key(
        dict(_MAX_AGE_DAYS), "The greatest age of each kind of key."
    )
    warn_at_percent: tuple[int, ...] = _key(
        (60, 80, 100), "At which share of the greatest age a reminder is due."
    )
    owner: str = _key("", "Who is responsible for rotating.", example="ana@example.com")
    owners: Mapping[str, str] = _key(
        {},
        "By variable, who is responsible where it is not `owner`.",
        example={"INTERCOM_CLIENT_SECRET": "ben@example.com"},
    )
    max_open_days: Days = _key(7, "How long a rotation may stay open.")
    store: Annotated[
        str, Field(pattern=r"^(env|keyring|aws:[\w/+=.@-]+|vault:[\w-]+/[\w/.-]+)$")
    ] = _key("env", "Where keys are kept: env, keyring, aws:SECRET_ID or vault:MOUNT/PATH.")
    consumers: tuple[ConsumerPolicy, ...] = _key(
        (),
        "What uses a key, and how it shows the fingerprint of the one that it uses.",
        example=[{"name": "api", "fingerprint_url": "https://shop.example.com/fingerprint"}],
    )
    apps: Mapping[str, str] = _key(
        {},
        "By variable, the app in the Developer Hub, as Intercom's activity log names it.",
        example={"INTERCOM_ACCESS_TOKEN": "Support automation"},
    )

    def limit(self, kind: str) -> int:
        """The greatest age of this kind of secret, in days."""
        ages: Mapping[Any, int] = self.max_age_days
        return ages[kind]

    def owner_of(self, variable: str) -> str:
        """Who is responsible for rotating a variable's key; empty if nobody is named."""
        return self.owners.get(variable) or self.owner


class ScopePolicy(Record):
    """The scopes that a token may hold."""

    allowed: tuple[str, ...] = _key(
        _READS, "Machine keys of scopes; `runbook scopes --list` shows them all."
    )


class AccessPolicy(Record):
    """Who may be in the workspace.

    Intercom reports a role's name, not what it allows. A role that neither list names is unknown.
    """

    allowed_domains: tuple[str, ...] = _key(
        (), "Domains that teammates' addresses may have; empty: any.", example=["example.com"]
    )
    dormant_days: Days = _key(90, "After how long without activity an account counts as unused.")
    max_full_access: Annotated[int, Field(ge=0)] = _key(5, "How many may have full access.")
    full_access_roles: tuple[str, ...] = _key(
        ("Admin", "Full access", "Owner", "Super admin"), "Roles that count as full access."
    )
    limited_roles: tuple[str, ...] = _key(
        (), "Roles that a person knows to be smaller.", example=["Support agent"]
    )

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
        raise ValueError("a name of the tz database is needed") from None
    return name


def _time_of_day(given: object) -> object:
    """Write a whole hour, which older policies have, as a time."""
    whole = isinstance(given, int) and not isinstance(given, bool)
    return f"{given:02}:00" if whole else given


def _hours(time: str) -> float:
    hour, _, minute = time.partition(":")
    return int(hour) + int(minute) / _MINUTES


def _begins_before_it_ends(day: tuple[str, str]) -> tuple[str, str]:
    if _hours(day[0]) >= _hours(day[1]):
        raise ValueError("the first time must be before the second")
    return day


_Time = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
_WholeHour = Annotated[int, Field(ge=0, le=24)]
TimeOfDay = Annotated[
    _Time, BeforeValidator(_time_of_day, json_schema_input_type=_Time | _WholeHour)
]


class AuditPolicy(Record):
    """What the audit log must hold, and when people work."""

    retention_days: Days = _key(400, "How long records are kept at least.")
    max_gap_days: Days = _key(30, "How long the log may say nothing.")
    review_days: Days = _key(31, "How often a person reviews Intercom's activity log.")
    lookback_days: Days = _key(30, "How many days of the activity log an audit examines.")
    timezone: Annotated[str, AfterValidator(_known_zone)] = _key(
        "UTC", "The time zone of the working hours.", example="Europe/Berlin"
    )
    working_hours: Annotated[
        tuple[TimeOfDay, TimeOfDay], AfterValidator(_begins_before_it_ends)
    ] = _key(("07:00", "20:00"), "When people work, Monday to Friday.", example=["08:00", "20:00"])
    mirror_contact: str = _key(
        "", "user_id of the contact whose events mirror the log.", example="runbook-audit"
    )
    syslog: str = _key(
        "",
        "Where records are sent as well: udp://HOST:PORT, tcp://HOST:PORT or unix:///dev/log.",
        example="udp://logs.example.com:514",
    )

    @property
    def day(self) -> tuple[float, float]:
        """When work begins and ends, in hours after midnight."""
        return _hours(self.working_hours[0]), _hours(self.working_hours[1])


class Limits(Record):
    """How much is taken from Intercom before the audit stops reading and says so."""

    pages: Annotated[int, Field(ge=1, le=100_000)] = _key(2000, "Pages of one list.")
    megabytes: Annotated[int, Field(ge=1, le=1024)] = _key(48, "Size of one answer, unpacked.")
    values: Annotated[int, Field(ge=1000)] = _key(2_000_000, "Values in one answer.")
    depth: Annotated[int, Field(ge=8, le=400)] = _key(64, "How deeply one answer may be nested.")
    call_seconds: Annotated[int, Field(ge=1, le=3600)] = _key(
        60, "Time for one call with its repetitions."
    )
    list_seconds: Annotated[int, Field(ge=1, le=86_400)] = _key(120, "Time for one list.")
    step_seconds: Annotated[int, Field(ge=1, le=86_400)] = _key(
        240, "Time for all calls of one step, and for those of its action."
    )


class WaiverPolicy(Record):
    """Which waivers are accepted."""

    max_waiver_days: Days = _key(365, "How far ahead a waiver may end.")
    any_resource: Mapping[str, Annotated[str, Field(min_length=1)]] = _key(
        {},
        "By check, the reason why a waiver of it may cover every resource (*).",
        example={"ACC-004": "Contractors are reviewed every month."},
    )


_FIX_DAYS: Final[Mapping[_Severity, int]] = {
    "critical": 7,
    "high": 30,
    "medium": 90,
    "low": 180,
}


def _with_every_severity(given: Mapping[_Severity, int]) -> Mapping[_Severity, int]:
    return {**_FIX_DAYS, **given}


class ReportPolicy(Record):
    """What the report measures a finding by."""

    fix_days: Annotated[Mapping[_Severity, Days], AfterValidator(_with_every_severity)] = _key(
        dict(_FIX_DAYS),
        "By severity, for how many days a failure may stay open before it is overdue.",
    )


class Acts(Record):
    """What may change something. Off means: MANUAL in the report, never PASS."""

    mirror: bool = _act("Mirror the audit log into Intercom and to syslog.")
    rotation: bool = _act("Continue open rotations during an audit; it starts none.")
    webhook_battery: bool = _act("Send test deliveries to the receiver.")
    write_probes: bool = _act("Probe write scopes, with ids that don't exist.")


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
    report: ReportPolicy = ReportPolicy()


class PolicySource(Record):
    """The file that a policy came from; what it may not decide is `ignored`.

    A policy that came with the audited repository was written by whoever can push there. It sets
    thresholds, and turns nothing on.
    """

    file: str = ""
    from_repository: bool = False
    ignored: tuple[str, ...] = ()


PROFILE_DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
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
