from __future__ import annotations

from typing import Any

import pytest

from helpers.core.catalog import Check
from helpers.core.model import Severity, Status, Unavailable
from helpers.core.policy import EnvironmentPolicy, Policy, PolicySource
from helpers.environment.checks.environments import (
    keys_differ,
    policy_turns_nothing_on,
    region_is_right,
    token_goes_to_intercom,
    token_is_of_the_workspace,
    version_is_pinned,
    workspaces_differ,
)
from helpers.environment.checks.files import (
    env_files_are_ignored,
    env_files_are_not_tracked,
    env_files_are_private,
    example_has_no_values,
)
from helpers.environment.checks.variables import (
    no_configured_key_is_tracked,
    secrets_are_set,
    secrets_are_well_shaped,
)
from helpers.environment.records import (
    ApiHost,
    EnvFile,
    ExampleFile,
    IgnoreRule,
    ProfileCredentials,
    Shape,
    TrackedSecret,
    VariableState,
    WorkspaceIdentity,
)
from tests.checking import off, statuses, unreadable, verdicts

PASS, FAIL, MANUAL, NA, ERROR = Status


def variable(
    name: str = "INTERCOM_ACCESS_TOKEN", shape: Shape = Shape.WELL_FORMED
) -> VariableState:
    return VariableState(name=name, kind="access_token", shape=shape, origin=".env")


def env_file(*, tracked: bool = False, mode: str = "0600") -> EnvFile:
    return EnvFile(name=".env", mode=mode, tracked=tracked, owner_only=mode.endswith("00"))


def profile(name: str, token: str, app_id: str = "") -> ProfileCredentials:
    held = (("INTERCOM_ACCESS_TOKEN", token),) if token else ()
    return ProfileCredentials(profile=name, app_id=app_id, fingerprints=held)


def api_host(whose: str, refused: str = "") -> ApiHost:
    return ApiHost(
        host="api.example.net", whose=whose, origin=".env", allowed=not refused, refused=refused
    )


def policy_source(*ignored: str) -> PolicySource:
    return PolicySource(file="policy.toml", from_repository=True, ignored=ignored)


IGNORED = IgnoreRule(name=".env", ignored=True, rule=".env", source=".gitignore")
PERSONAL = IgnoreRule(name=".env", ignored=True, rule=".env", source=".git/info/exclude")
WORKSPACE = WorkspaceIdentity(app_id="abc", name="Acme", region="US")


@pytest.mark.parametrize(
    ("check", "data", "expected"),
    [
        (secrets_are_set, {"variables": (variable(),)}, PASS),
        (secrets_are_set, {"variables": (variable(shape=Shape.UNSET),)}, FAIL),
        (
            secrets_are_set,
            {"variables": (variable("INTERCOM_CLIENT_SECRET", Shape.UNSET),)},
            MANUAL,
        ),
        (secrets_are_set, {"variables": unreadable()}, ERROR),
        (secrets_are_well_shaped, {"variables": (variable(),)}, PASS),
        (secrets_are_well_shaped, {"variables": (variable(shape=Shape.PLACEHOLDER),)}, FAIL),
        (secrets_are_well_shaped, {"variables": (variable(shape=Shape.FOREIGN),)}, FAIL),
        (secrets_are_well_shaped, {"variables": (variable(shape=Shape.UNSET),)}, NA),
        (secrets_are_well_shaped, {"variables": unreadable()}, ERROR),
        (env_files_are_ignored, {"ignore_rules": (IGNORED,)}, PASS),
        (token_goes_to_intercom, {"api_host": api_host("Intercom's")}, PASS),
        (token_goes_to_intercom, {"api_host": api_host("this machine")}, PASS),
        (token_goes_to_intercom, {"api_host": api_host("another host, allowed")}, MANUAL),
        (token_goes_to_intercom, {"api_host": api_host("another host", "Not Intercom's.")}, FAIL),
        (token_goes_to_intercom, {"api_host": api_host("Intercom's", "Less trusted.")}, FAIL),
        (token_goes_to_intercom, {"api_host": unreadable("INTERCOM_BASE_URL")}, ERROR),
        (policy_turns_nothing_on, {"policy_source": policy_source()}, PASS),
        (policy_turns_nothing_on, {"policy_source": policy_source("acts.mirror")}, FAIL),
        (policy_turns_nothing_on, {"policy_source": PolicySource(file="policy.toml")}, NA),
        (policy_turns_nothing_on, {"policy_source": unreadable("snapshot")}, ERROR),
        (env_files_are_ignored, {"ignore_rules": (IgnoreRule(name=".env", ignored=False),)}, FAIL),
        (env_files_are_ignored, {"ignore_rules": (PERSONAL,)}, FAIL),
        (env_files_are_ignored, {"ignore_rules": unreadable("git check-ignore")}, ERROR),
        (env_files_are_not_tracked, {"env_files": (env_file(),)}, PASS),
        (env_files_are_not_tracked, {"env_files": (env_file(tracked=True),)}, FAIL),
        (env_files_are_not_tracked, {"env_files": ()}, NA),
        (env_files_are_not_tracked, {"env_files": unreadable("git ls-files")}, ERROR),
        (env_files_are_private, {"env_files": (env_file(),)}, PASS),
        (env_files_are_private, {"env_files": (env_file(mode="0644"),)}, FAIL),
        (env_files_are_private, {"env_files": ()}, NA),
        (env_files_are_private, {"env_files": unreadable("git ls-files")}, ERROR),
        (example_has_no_values, {"example": ExampleFile(exists=True, names=("A",))}, PASS),
        (example_has_no_values, {"example": ExampleFile(exists=True, with_values=("A",))}, FAIL),
        (example_has_no_values, {"example": ExampleFile(exists=True, missing=("A",))}, FAIL),
        (example_has_no_values, {"example": ExampleFile(exists=False)}, FAIL),
        (example_has_no_values, {"example": unreadable("read .env.example")}, ERROR),
        (keys_differ, {"profiles": (profile("a", "1"), profile("b", "2"))}, PASS),
        (keys_differ, {"profiles": (profile("a", "1"), profile("b", "1"))}, FAIL),
        (keys_differ, {"profiles": (profile("a", "1"), profile("b", ""))}, MANUAL),
        (keys_differ, {"profiles": (profile("a", ""),)}, MANUAL),
        (keys_differ, {"profiles": unreadable()}, ERROR),
        (workspaces_differ, {"profiles": (profile("a", "1", "x"), profile("b", "2", "y"))}, PASS),
        (workspaces_differ, {"profiles": (profile("a", "1", "x"), profile("b", "2", "x"))}, FAIL),
        (workspaces_differ, {"profiles": (profile("a", "1", "x"), profile("b", "2"))}, MANUAL),
        (workspaces_differ, {"profiles": unreadable()}, ERROR),
        (token_is_of_the_workspace, {"workspace": WORKSPACE, "expected_app_id": "abc"}, PASS),
        (token_is_of_the_workspace, {"workspace": WORKSPACE, "expected_app_id": "xyz"}, FAIL),
        (token_is_of_the_workspace, {"workspace": WORKSPACE, "expected_app_id": off()}, MANUAL),
        (token_is_of_the_workspace, {"workspace": unreadable(), "expected_app_id": "abc"}, ERROR),
        (region_is_right, {"workspace": WORKSPACE, "expected_region": "us"}, PASS),
        (region_is_right, {"workspace": WORKSPACE, "expected_region": "eu"}, FAIL),
        (
            region_is_right,
            {"workspace": WORKSPACE.model_copy(update={"region": ""}), "expected_region": "eu"},
            MANUAL,
        ),
        (region_is_right, {"workspace": unreadable(), "expected_region": "us"}, ERROR),
        (no_configured_key_is_tracked, {"variables": (variable(),), "tracked_secrets": ()}, PASS),
        (
            no_configured_key_is_tracked,
            {
                "variables": (variable(),),
                "tracked_secrets": (TrackedSecret(variable="INTERCOM_ACCESS_TOKEN", paths=("a",)),),
            },
            FAIL,
        ),
        (
            no_configured_key_is_tracked,
            {"variables": (variable(shape=Shape.UNSET),), "tracked_secrets": ()},
            NA,
        ),
        (
            no_configured_key_is_tracked,
            {"variables": (variable(),), "tracked_secrets": unreadable("git grep")},
            ERROR,
        ),
    ],
)
def test_verdict(check: Check, data: dict[str, Any], expected: Status):
    assert statuses(check, **data) == [expected]


@pytest.mark.parametrize(
    ("version", "expected"), [("2.16", PASS), ("Preview", FAIL), ("9.9", FAIL)]
)
def test_only_a_published_stable_version_counts_as_pinned(version: str, expected: Status):
    policy = Policy(environment=EnvironmentPolicy(api_version=version))
    assert statuses(version_is_pinned, policy=policy) == [expected]


def test_shared_key_names_the_fingerprint_and_the_environments():
    (finding,) = verdicts(
        keys_differ, profiles=(profile("staging", "f00"), profile("production", "f00"))
    )
    assert finding.evidence[0].what == "fingerprint f00"
    assert finding.evidence[0].where == "production, staging"


def test_a_secret_of_one_environment_under_another_name_in_the_next_is_shared():
    staging = ProfileCredentials(
        profile="staging",
        app_id="a",
        fingerprints=(("INTERCOM_CLIENT_SECRET", "1"),),
        comparable=(("INTERCOM_CLIENT_SECRET", "x"),),
    )
    production = ProfileCredentials(
        profile="production",
        app_id="b",
        fingerprints=(("INTERCOM_IDENTITY_SECRET", "2"),),
        comparable=(("INTERCOM_IDENTITY_SECRET", "x"),),
    )
    found = verdicts(keys_differ, profiles=(staging, production))
    assert [finding.status for finding in found] == [FAIL, FAIL]
    assert "production (INTERCOM_IDENTITY_SECRET)" in found[0].evidence[0].where


def test_a_workspace_that_me_does_not_name_is_unknown():
    nameless = WORKSPACE.model_copy(update={"app_id": ""})
    assert statuses(token_is_of_the_workspace, workspace=nameless, expected_app_id="abc") == [ERROR]


def test_example_without_values_but_incomplete_is_only_low():
    (finding,) = verdicts(example_has_no_values, example=ExampleFile(exists=True, missing=("A",)))
    assert finding.severity is Severity.LOW


def test_tracked_file_that_is_gone_from_disk_still_fails_and_has_no_mode():
    gone = EnvFile(name=".env", mode="0000", tracked=True, owner_only=True, on_disk=False)
    assert statuses(env_files_are_not_tracked, env_files=(gone,)) == [FAIL]
    assert statuses(env_files_are_private, env_files=(gone,)) == [NA]


def test_missing_datum_names_the_call():
    (finding,) = verdicts(env_files_are_ignored, ignore_rules=unreadable("git check-ignore"))
    assert isinstance(unreadable(), Unavailable)
    assert finding.evidence[0].where == "git check-ignore"
