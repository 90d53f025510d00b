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
)
from helpers.core.policy import Policy
from helpers.environment.records import (
    ProfileCredentials,
    WorkspaceIdentity,
)

_STABLE: Final = frozenset({*(f"1.{n}" for n in range(5)), *(f"2.{n}" for n in range(19))})
_TWO: Final = 2


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

    PASS: two or more environments are visible, and none shares the key.
    FAIL: two or more environments use the same key.
    MANUAL: the keys of one environment only are visible from here.
    NOT_APPLICABLE: no environment has a key.
    ERROR: an env file could not be read.
    """
    holders = _holders(profiles)
    visible = [profile.profile for profile in profiles if profile.fingerprints]
    if not holders:
        yield not_applicable(Resource(kind="profile", key="all"), "No environment has a key.")
    elif len(visible) < _TWO:
        resource = Resource(kind="profile", key=visible[0])
        yield manual(resource, "Only this environment is visible here: compare it with the others.")
    else:
        yield from (_shared_or_own(kind, held) for kind, held in sorted(holders.items()))


def _holders(profiles: tuple[ProfileCredentials, ...]) -> dict[str, dict[str, set[str]]]:
    """For each variable: each fingerprint and the profiles that hold it."""
    holders: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for profile in profiles:
        for variable, fingerprint in profile.fingerprints:
            holders[variable][fingerprint].add(profile.profile)
    return holders


def _shared_or_own(variable: str, held: dict[str, set[str]]) -> Outcome:
    shared = {key: names for key, names in sorted(held.items()) if len(names) >= _TWO}
    if not shared:
        return passed(_variable(variable), "No two environments share it.")
    evidence = (
        Evidence(what=f"fingerprint {key}", where=", ".join(sorted(names)))
        for key, names in shared.items()
    )
    together = sorted(set().union(*shared.values()))
    return failed(_variable(variable), f"{' and '.join(together)} share it.", *evidence)


@check(
    id="ENV-008",
    step="environment",
    title="Each environment has a workspace of its own",
    fails="Environments share a workspace",
    severity=Severity.MEDIUM,
    effort=Effort.DAYS,
    remediation=(
        (
            "Create a test workspace in Intercom (Settings > Workspace > Test workspace) for "
            "development and staging."
        ),
        "Set INTERCOM_APP_ID in each env file to the workspace it means.",
    ),
    controls=("ISO 27001 A.8.9", "NIST CSF PR.PS-01"),
)
def workspaces_differ(profiles: tuple[ProfileCredentials, ...]) -> Iterator[Outcome]:
    """A test that runs against the production workspace writes to real customers.

    PASS: each environment names another workspace.
    FAIL: two environments name the same one.
    MANUAL: fewer than two environments name a workspace.
    NOT_APPLICABLE: never, as every environment talks to some workspace.
    ERROR: an env file could not be read.
    """
    named = [(profile.app_id, profile.profile) for profile in profiles if profile.app_id]
    resource = Resource(kind="variable", key="INTERCOM_APP_ID")
    shared = sorted({app for app, _ in named if [a for a, _ in named].count(app) >= _TWO})
    if len(named) < _TWO:
        yield manual(resource, "Fewer than two environments name their workspace: set it in each.")
    elif not shared:
        yield passed(resource, "Each environment names a workspace of its own.")
    for app_id in shared:
        together = " and ".join(sorted(profile for app, profile in named if app == app_id))
        yield failed(Resource(kind="workspace", key=app_id), f"{together} use this same workspace.")


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
    ERROR: `/me` did not answer.
    """
    resource = Resource(kind="workspace", key=expected_app_id)
    if workspace.app_id == expected_app_id:
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
    MANUAL: it names none (only `US` is documented; how EU and AU are spelled was not found).
    NOT_APPLICABLE: never, as every workspace has a region.
    ERROR: `/me` did not answer.
    """
    resource = Resource(kind="variable", key="INTERCOM_REGION")
    found = Evidence(what=f"region {workspace.region or 'unknown'}", where="GET /me")
    if not workspace.region:
        yield manual(resource, "`/me` names no region: compare it with the workspace's URL.", found)
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
