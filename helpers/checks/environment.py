"""Is the environment set up so that secrets stay where they belong?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from helpers.catalog import check
from helpers.environment.records import (
    EnvFile,
    ExampleFile,
    IgnoreRule,
    ProfileCredentials,
    Shape,
    TrackedSecret,
    VariableState,
    Workspace,
)
from helpers.model import (
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
from helpers.policy import Policy

_AUTHENTICATION: Final = (
    "https://developers.intercom.com/docs/build-an-integration/learn-more/authentication"
)
_STABLE: Final = frozenset({*(f"1.{n}" for n in range(5)), *(f"2.{n}" for n in range(19))})
_TWO: Final = 2


def _variable(name: str) -> Resource:
    return Resource(kind="variable", key=name)


def _file(name: str) -> Resource:
    return Resource(kind="file", key=name)


@check(
    id="ENV-001",
    step="environment",
    title="The variables that hold secrets are set",
    severity=Severity.HIGH,
    remediation=(
        "Copy the token from Intercom: Developer Hub > Your apps > (app) > Configure > "
        "Authentication.",
        "Put it into the profile's variables: run `./runbook init`, or use your secret manager.",
    ),
    references=(_AUTHENTICATION,),
    controls=("ISO 27001 A.5.17", "NIST CSF PR.AA-01"),
    checklist="keys_in_variables",
)
def secrets_are_set(variables: tuple[VariableState, ...]) -> Iterator[Outcome]:
    """A key that comes from a variable can be rotated without touching code.

    PASS: the variable is set.
    FAIL: the access token is not set, so nothing can be verified.
    MANUAL: another secret is not set: only the team knows whether it uses that feature.
    NOT_APPLICABLE: never, as the access token is always wanted.
    ERROR: the variables could not be read.
    """
    for variable in variables:
        resource = _variable(variable.name)
        if variable.shape is not Shape.UNSET:
            yield passed(resource, f"It is set, by {variable.origin}.")
        elif variable.name == "INTERCOM_ACCESS_TOKEN":
            yield failed(resource, "It is not set.")
        else:
            yield manual(resource, f"It is not set: set it if you use this {_words(variable)}.")


def _words(variable: VariableState) -> str:
    return variable.kind.replace("_", " ")


@check(
    id="ENV-002",
    step="environment",
    title="Secrets are real ones, of the right shape",
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    remediation=(
        "Compare the value with the one in the Developer Hub; placeholders and other services' "
        "keys (sk_live_… is not Intercom's) never work.",
        "Replace it in the variable, not in code.",
    ),
    references=(_AUTHENTICATION,),
    controls=("ISO 27001 A.5.17", "NIST CSF PR.AA-01"),
)
def secrets_are_well_shaped(variables: tuple[VariableState, ...]) -> Iterator[Outcome]:
    """A placeholder that reaches production fails there; a wrong key may be another service's.

    PASS: the value has the shape of its kind.
    FAIL: it is a placeholder, another service's key, or malformed.
    MANUAL: never, as the shape can be told.
    NOT_APPLICABLE: the variable is not set.
    ERROR: the variables could not be read.
    """
    for variable in variables:
        resource = _variable(variable.name)
        if variable.shape is Shape.UNSET:
            yield not_applicable(resource, "It is not set.")
        elif variable.shape is Shape.WELL_FORMED:
            yield passed(resource, f"It has the shape of this {_words(variable)}.")
        else:
            yield failed(resource, f"It looks like this: {variable.shape}.")


@check(
    id="ENV-003",
    step="environment",
    title="Git ignores env files",
    severity=Severity.HIGH,
    remediation=(
        "Add these lines to .gitignore: `.env`, `.env.local`, `.env.*.local`, and the env file of "
        "each profile.",
        "Or run `./runbook init`, which shows the change first.",
    ),
    references=("https://git-scm.com/docs/git-check-ignore",),
    controls=("ISO 27001 A.8.12", "NIST CSF PR.PS-01", "CIS 4.1"),
    checklist="env_ignored",
)
def env_files_are_ignored(ignore_rules: tuple[IgnoreRule, ...]) -> Iterator[Outcome]:
    """An env file that git ignores can't be committed by a tired hand. Git itself is asked.

    PASS: `git check-ignore` names a rule for the file.
    FAIL: no rule covers it.
    MANUAL: never, as git can tell.
    NOT_APPLICABLE: never, as the usual names are always tried.
    ERROR: git could not be asked.
    """
    for rule in ignore_rules:
        resource = _file(rule.name)
        if rule.ignored:
            yield passed(resource, "Git ignores it.", Evidence(what=rule.rule, where=".gitignore"))
        else:
            yield failed(resource, "No rule of .gitignore covers it.")


@check(
    id="ENV-004",
    step="environment",
    title="No env file is tracked by git",
    severity=Severity.CRITICAL,
    effort=Effort.HOURS,
    remediation=(
        "Rotate every key in the file first: whoever cloned the repository has it.",
        "Then `git rm --cached FILE`, commit, and clean the history with `git filter-repo`.",
    ),
    controls=("ISO 27001 A.8.12", "CIS 16.1"),
    checklist="env_ignored",
)
def env_files_are_not_tracked(env_files: tuple[EnvFile, ...]) -> Iterator[Outcome]:
    """A tracked env file hands its keys to everyone who can read the repository, for ever.

    PASS: the file exists and git does not track it.
    FAIL: git tracks it.
    MANUAL: never, as git can tell.
    NOT_APPLICABLE: there is no env file.
    ERROR: git could not be asked.
    """
    if not env_files:
        yield not_applicable(Resource(kind="repository", key="env files"), "There is none.")
    for env_file in env_files:
        resource = _file(env_file.name)
        if env_file.tracked:
            yield failed(resource, "Git tracks it.", Evidence(what="listed", where="git ls-files"))
        else:
            yield passed(resource, "Git does not track it.")


@check(
    id="ENV-005",
    step="environment",
    title="Env files are readable by their owner only",
    severity=Severity.MEDIUM,
    remediation=("Run `chmod 600 FILE`.",),
    controls=("ISO 27001 A.8.3", "CIS 3.3"),
)
def env_files_are_private(env_files: tuple[EnvFile, ...]) -> Iterator[Outcome]:
    """Every account and every process of another user on the machine can read a 0644 file.

    PASS: no permission for group or others.
    FAIL: group or others may read, write or execute it.
    MANUAL: never, as the mode can be read.
    NOT_APPLICABLE: there is no env file on disk.
    ERROR: the files could not be looked at.
    """
    on_disk = [env_file for env_file in env_files if env_file.mode != "0000"]
    if not on_disk:
        yield not_applicable(Resource(kind="repository", key="env files"), "There is none.")
    for env_file in on_disk:
        mode = Evidence(what=f"mode {env_file.mode}")
        if env_file.owner_only:
            yield passed(_file(env_file.name), "Only its owner can read it.", mode)
        else:
            yield failed(_file(env_file.name), "Others on this machine can read it.", mode)


@check(
    id="ENV-006",
    step="environment",
    title=".env.example lists the variables, without values",
    severity=Severity.HIGH,
    remediation=(
        "Run `./runbook init`: it writes .env.example anew.",
        "If a real value stood in it, rotate that key.",
    ),
    controls=("ISO 27001 A.8.12", "NIST CSF PR.PS-06"),
)
def example_has_no_values(example: ExampleFile) -> Iterator[Outcome]:
    """The example tells a newcomer what to set. It is committed, so it must tell no value.

    PASS: it lists the names, and no secret has a value.
    FAIL: a secret has a value in it, or (low) the file or a name is missing.
    MANUAL: never, as the file can be read.
    NOT_APPLICABLE: never, as a missing example is worth telling.
    ERROR: the file could not be read.
    """
    resource = _file(".env.example")
    if example.with_values:
        yield failed(resource, f"Values stand in it for {', '.join(example.with_values)}.")
    elif not example.exists:
        yield failed(resource, "There is none.", severity=Severity.LOW)
    elif example.missing:
        missing = ", ".join(example.missing)
        yield failed(resource, f"It does not list {missing}.", severity=Severity.LOW)
    else:
        yield passed(resource, "It lists every variable, and no value.")


@check(
    id="ENV-007",
    step="environment",
    title="Each environment has keys of its own",
    severity=Severity.HIGH,
    effort=Effort.HOURS,
    remediation=(
        "In the Developer Hub, create an app of its own for each environment, in a workspace of "
        "its own where you can.",
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
    severity=Severity.MEDIUM,
    effort=Effort.DAYS,
    remediation=(
        "Create a test workspace in Intercom (Settings > Workspace > Test workspace) for "
        "development and staging.",
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
    title="The token belongs to the workspace that is meant",
    severity=Severity.CRITICAL,
    remediation=(
        "Compare INTERCOM_APP_ID with the workspace id in Intercom's address bar.",
        "If the token is another workspace's, put the right one into this profile.",
    ),
    controls=("ISO 27001 A.8.9", "NIST CSF PR.AA-03"),
)
def token_is_of_the_workspace(workspace: Workspace, expected_app_id: str) -> Iterator[Outcome]:
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
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    remediation=(
        "Set INTERCOM_REGION to the region of the workspace: us, eu or au.",
        "Data of the workspace should not pass through another region's hosts.",
    ),
    controls=("NIST CSF PR.DS-02",),
)
def region_is_right(workspace: Workspace, expected_region: str) -> Iterator[Outcome]:
    """A request to the wrong region may be routed on by Intercom, and so hide the mistake.

    PASS: `/me` names the configured region.
    FAIL: it names another.
    MANUAL: it names none (only `US` is documented; how EU and AU are spelt was not found).
    NOT_APPLICABLE: never, as every workspace lies in a region.
    ERROR: `/me` did not answer.
    """
    resource = Resource(kind="variable", key="INTERCOM_REGION")
    found = Evidence(what=f"region {workspace.region or 'not told'}", where="GET /me")
    if not workspace.region:
        yield manual(resource, "`/me` names no region: compare it with the workspace's URL.", found)
    elif workspace.region.lower() == expected_region.lower():
        yield passed(resource, f"The workspace lies in {expected_region}.", found)
    else:
        yield failed(resource, f"It says {expected_region}, `/me` does not.", found)


@check(
    id="ENV-011",
    step="environment",
    title="The API version is pinned to a stable one",
    severity=Severity.LOW,
    remediation=(
        "Set `environment.api_version` in policy.toml, and send the same Intercom-Version header "
        "from your own clients.",
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
    id="ENV-012",
    step="environment",
    title="No configured key stands in a tracked file",
    severity=Severity.CRITICAL,
    effort=Effort.HOURS,
    remediation=(
        "Rotate the key: `./runbook rotate access-token`, see notebook 03.",
        "Read it from the variable in code, and clean the history (notebook 02).",
    ),
    controls=("ISO 27001 A.8.28", "NIST CSF PR.PS-06", "CIS 16.1"),
    checklist="keys_in_variables",
)
def no_configured_key_is_tracked(
    variables: tuple[VariableState, ...], tracked_secrets: tuple[TrackedSecret, ...]
) -> Iterator[Outcome]:
    """A key that is in use and in git at once is the most urgent leak there is.

    PASS: the configured value stands in no tracked file of the work tree.
    FAIL: it stands in one or more.
    MANUAL: never, as git can tell.
    NOT_APPLICABLE: the variable is not set.
    ERROR: git could not be asked.
    """
    found = {secret.variable: secret.paths for secret in tracked_secrets}
    for variable in variables:
        resource = _variable(variable.name)
        if variable.shape is Shape.UNSET:
            yield not_applicable(resource, "It is not set.")
        elif variable.name in found:
            where = (Evidence(what="stands in", where=path) for path in found[variable.name])
            yield failed(resource, "Its value stands in tracked files.", *where)
        else:
            yield passed(resource, "Its value stands in no tracked file.")
