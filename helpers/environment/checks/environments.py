"""Is each environment its own: other keys, another workspace, the right one?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from helpers.core.catalog import check
from helpers.core.model import (
    Confidence,
    Effort,
    Evidence,
    Outcome,
    Resource,
    Severity,
    failed,
    manual,
    not_applicable,
    passed,
    unclear,
)
from helpers.core.policy import Policy, PolicySource
from helpers.environment.records import (
    ApiHost,
    ProfileCredentials,
    WorkspaceIdentity,
)

_STABLE: Final = frozenset({*(f"1.{n}" for n in range(5)), *(f"2.{n}" for n in range(19))})
_TWO: Final = 2
_REGIONS: Final = ("us", "eu", "au")
_OWN_HOSTS: Final = ("Intercom's", "this machine")  # `HostKind` of the client


def _variable(name: str) -> Resource:
    return Resource(kind="variable", key=name)


@check(
    id="ENV-007",
    step="environment",
    title="Each environment has keys of its own",
    fails="Environments share a key",
    severity=Severity.HIGH,
    effort=Effort.HOURS,
    remediation=(
        (
            "In the Developer Hub, create an app for each environment, in a workspace of "
            "its own where you can."
        ),
        "Give each environment its own token and secrets, then rotate the shared ones.",
    ),
    controls=("SOC 2 CC6.1", "ISO 27001 A.5.17", "NIST CSF PR.AA-05"),
    checklist="keys_differ",
)
def keys_differ(profiles: tuple[ProfileCredentials, ...]) -> Iterator[Outcome]:
    """A key shared with development is as safe as the least safe laptop. Compared by fingerprint.

    PASS: two or more environments are visible, and no secret of one is any secret of another.
    FAIL: two or more environments use the same secret, under whatever name.
    MANUAL: the keys of one environment only, or of none, are visible from here; or an environment
        has an env file without a key.
    NOT_APPLICABLE: never, because every environment talks to Intercom with some key.
    ERROR: an env file could not be read.
    """
    visible = [profile for profile in profiles if profile.fingerprints]
    if len(visible) < _TWO:
        seen = visible[0].profile if visible else "all"
        message = "The keys of two environments are not visible here: compare them by hand."
        yield manual(Resource(kind="profile", key=seen), message)
        return
    shared = _shared(visible)
    mixed = len({bool(profile.comparable) for profile in visible}) > 1
    silent = [p.profile for p in profiles if not _readable(p) or (mixed and not p.comparable)]
    for variable in sorted({name for profile in visible for name, _ in profile.fingerprints}):
        yield _shared_or_own(variable, shared, visible, silent)
    for profile in profiles:
        if not profile.fingerprints:
            resource = Resource(kind="profile", key=profile.profile)
            yield manual(resource, "Its env file holds no key: compare the key that it uses.")


def _readable(profile: ProfileCredentials) -> bool:
    """Whether every key of a profile can be compared."""
    pairs = (*profile.fingerprints, *profile.comparable)
    return bool(profile.fingerprints) and all(name and value for name, value in pairs)


_Holder = tuple[str, str]  # a profile and a variable


def _shared(profiles: list[ProfileCredentials]) -> list[set[_Holder]]:
    """The holders of each value that two or more profiles hold."""
    holders: dict[str, set[_Holder]] = defaultdict(set)
    for profile in profiles:
        for variable, value in profile.comparable or profile.fingerprints:
            holders[value].add((profile.profile, variable))
    return [held for held in holders.values() if len({name for name, _ in held}) >= _TWO]


def _shared_or_own(
    variable: str,
    shared: list[set[_Holder]],
    profiles: list[ProfileCredentials],
    silent: list[str],
) -> Outcome:
    mine = [held for held in shared if any(name == variable for _, name in held)]
    if not mine and silent:
        return manual(_variable(variable), f"Not compared with {', '.join(silent)}.")
    if not mine:
        return passed(_variable(variable), "No two environments share it.")
    names = {(p.profile, v): value for p in profiles for v, value in p.fingerprints}
    evidence = [
        Evidence(
            what=f"fingerprint {names[min(held)]}",
            where=", ".join(sorted(_place(holder, variable) for holder in held)),
        )
        for held in sorted(mine, key=sorted)
    ]
    together = sorted({profile for held in mine for profile, _ in held})
    return failed(_variable(variable), f"{' and '.join(together)} share it.", *evidence)


def _place(holder: _Holder, variable: str) -> str:
    profile, name = holder
    return profile if name == variable else f"{profile} ({name})"


@check(
    id="ENV-008",
    step="environment",
    title="Each environment has a workspace of its own",
    fails="Environments share a workspace",
    severity=Severity.MEDIUM,
    effort=Effort.DAYS,
    remediation=(
        (
            "Create a workspace of its own for development and for staging; where Intercom offers "
            "test workspaces is not documented."
        ),
        "Set INTERCOM_APP_ID in each env file to the workspace it means.",
    ),
    controls=("ISO 27001 A.8.9", "NIST CSF PR.PS-01"),
)
def workspaces_differ(profiles: tuple[ProfileCredentials, ...]) -> Iterator[Outcome]:
    """A test that runs against the production workspace writes to real customers.

    PASS: each environment names another workspace.
    FAIL: two environments name the same one.
    MANUAL: an environment names no workspace, or only one environment is visible.
    NOT_APPLICABLE: never, as every environment talks to some workspace.
    ERROR: an env file could not be read.
    """
    named = [(p.app_id.strip(), p.profile) for p in profiles if p.app_id.strip()]
    silent = [profile.profile for profile in profiles if not profile.app_id.strip()]
    resource = Resource(kind="variable", key="INTERCOM_APP_ID")
    shared = sorted({app for app, _ in named if [a for a, _ in named].count(app) >= _TWO})
    for app_id in shared:
        together = " and ".join(sorted(profile for app, profile in named if app == app_id))
        yield failed(Resource(kind="workspace", key=app_id), f"{together} use this same workspace.")
    if silent or len(named) < _TWO:
        who = ", ".join(silent) or "another environment"
        yield manual(resource, f"No workspace is named for {who}: set INTERCOM_APP_ID in each.")
    elif not shared:
        yield passed(resource, "Each environment names a workspace of its own.")


@check(
    id="ENV-009",
    step="environment",
    title="The token belongs to the intended workspace",
    fails="The token belongs to another workspace",
    severity=Severity.CRITICAL,
    remediation=(
        "Compare INTERCOM_APP_ID with the workspace id in Intercom's address bar.",
        "If the token is another workspace's, put the right one into this profile.",
    ),
    controls=("ISO 27001 A.8.9", "NIST CSF PR.AA-03"),
)
def token_is_of_the_workspace(
    workspace: WorkspaceIdentity, expected_app_id: str
) -> Iterator[Outcome]:
    """Answering 200 is not enough: a token of the wrong workspace does, too.

    PASS: `/me` names the workspace that is pinned.
    FAIL: `/me` names another.
    MANUAL: no workspace is pinned (INTERCOM_APP_ID).
    NOT_APPLICABLE: never, as every token belongs to a workspace.
    ERROR: `/me` did not answer, or names no workspace.
    """
    resource = Resource(kind="workspace", key=expected_app_id)
    if not workspace.app_id:
        yield unclear(
            resource, "`/me` names no workspace.", Evidence(what="id_code", where="GET /me")
        )
    elif workspace.app_id == expected_app_id:
        yield passed(resource, "`/me` names this workspace.")
    else:
        found = Evidence(what=f"id_code {workspace.app_id}", where="GET /me")
        yield failed(resource, "The token belongs to another workspace.", found)


@check(
    id="ENV-010",
    step="environment",
    title="The region is the right one",
    fails="The region is wrong",
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    remediation=(
        "Set INTERCOM_REGION to the region of the workspace: us, eu or au.",
        "Data of the workspace should not pass through another region's hosts.",
    ),
    controls=("NIST CSF PR.DS-02",),
)
def region_is_right(workspace: WorkspaceIdentity, expected_region: str) -> Iterator[Outcome]:
    """Intercom may forward a request to the wrong region, which hides the mistake.

    PASS: `/me` names the configured region.
    FAIL: it names another.
    MANUAL: it names none, or one that is not known (only `US` is documented; how EU and AU are
        spelled was not found).
    NOT_APPLICABLE: never, as every workspace has a region.
    ERROR: `/me` did not answer.
    """
    resource = Resource(kind="variable", key="INTERCOM_REGION")
    found = Evidence(what=f"region {workspace.region or 'unknown'}", where="GET /me")
    if workspace.region.lower() not in _REGIONS:
        yield manual(
            resource, "`/me` names no known region: compare it with the workspace's URL.", found
        )
    elif workspace.region.lower() == expected_region.lower():
        yield passed(resource, f"The workspace is in {expected_region}.", found)
    else:
        yield failed(resource, f"It says {expected_region}, `/me` does not.", found)


@check(
    id="ENV-011",
    step="environment",
    title="The API version is pinned to a stable one",
    fails="The API version is not pinned to a stable one",
    severity=Severity.LOW,
    remediation=(
        (
            "Set `environment.api_version` in policy.toml, and send that Intercom-Version header "
            "from your own clients."
        ),
    ),
    references=(
        "https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/update-your-api-version",
    ),
    controls=("ISO 27001 A.8.9", "NIST CSF PR.PS-01"),
)
def version_is_pinned(policy: Policy) -> Iterator[Outcome]:
    """Without the header, the app's setting decides, and a click there changes every answer.

    PASS: a published stable version is pinned.
    FAIL: Preview, or a version that is not published, is pinned.
    MANUAL: never, as the policy always names a version.
    NOT_APPLICABLE: never, as every call has a version.
    ERROR: never, as nothing is read.
    """
    version = policy.environment.api_version
    resource = Resource(kind="policy", key="environment.api_version")
    if version in _STABLE:
        yield passed(resource, f"Every call of the runbook asks for {version}.")
    else:
        yield failed(resource, f"{version} is not a published stable version.")


@check(
    id="ENV-013",
    step="environment",
    title="The access token goes to Intercom",
    fails="Another host would receive the access token",
    severity=Severity.HIGH,
    remediation=(
        "Remove INTERCOM_BASE_URL, so that INTERCOM_REGION names Intercom's own host.",
        (
            "If the host is your proxy, set the variable where the token is, and allow the host: "
            "--allow-host HOST, or RUNBOOK_ALLOW_HOSTS."
        ),
    ),
    controls=("ISO 27001 A.8.12", "NIST CSF PR.DS-02"),
)
def token_goes_to_intercom(api_host: ApiHost) -> Iterator[Outcome]:
    """Whoever names the API's host receives the token. A delivered file must not name it.

    PASS: the host is Intercom's, or this machine (a sandbox, a local proxy).
    FAIL: it is another host, or a less trusted place than the token's names it.
    MANUAL: another host is allowed on this machine: only the team knows what it does.
    NOT_APPLICABLE: never, as some host is always configured.
    ERROR: INTERCOM_BASE_URL or INTERCOM_REGION could not be understood.
    """
    resource = Resource(kind="host", key=api_host.host)
    named = Evidence(what=f"set by {api_host.origin}" if api_host.origin else "the default")
    if not api_host.allowed:
        yield failed(resource, f"Nothing was sent. {api_host.refused}", named)
    elif api_host.whose in _OWN_HOSTS:
        yield passed(resource, f"The token goes to {api_host.host} ({api_host.whose}).", named)
    else:
        yield manual(resource, f"The token goes to {api_host.host}, {api_host.whose}.", named)


@check(
    id="ENV-014",
    step="environment",
    title="The audited repository's policy turns nothing on",
    fails="The audited repository's policy tries to turn something on",
    severity=Severity.LOW,
    remediation=(
        (
            "Keep what turns on acts, stores and mirrors in a policy.toml outside the repository, "
            "and name it with --policy."
        ),
        "Or trust the repository's own file for this run: --trust-policy.",
    ),
    controls=("ISO 27001 A.8.9", "NIST CSF PR.AA-05"),
)
def policy_turns_nothing_on(policy_source: PolicySource) -> Iterator[Outcome]:
    """Who can push to a repository must not decide what an audit of it sends or changes.

    PASS: the repository's policy sets thresholds only.
    FAIL: it also turns something on, which was ignored.
    MANUAL: never, as the file says what it sets.
    NOT_APPLICABLE: the policy did not come with the audited repository, or there is none.
    ERROR: the policy's source was not recorded.
    """
    resource = Resource(kind="policy", key=policy_source.file or "policy.toml")
    if not policy_source.from_repository:
        yield not_applicable(resource, "The policy did not come with the audited repository.")
    elif policy_source.ignored:
        yield failed(resource, f"It sets {', '.join(policy_source.ignored)}: ignored.")
    else:
        yield passed(resource, "It came with the audited repository and sets thresholds only.")
