"""report.sarif: valid by the OASIS schema, and deep where code scanning looks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from helpers.core.model import Evidence, FilePlace, Report, Severity, Status
from helpers.report.checks_page import checks_page, heading_lines
from helpers.report.sarif import to_sarif
from tests.report.samples import HOSTILE, SUBJECT, finding, full_report, hostile_report, report
from tests.vendored import sarif_validator

LINES = {"ENV-001": 11, "EXP-002": 42, "ACC-001": 77}


def run_of(made: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(to_sarif(made, LINES))["runs"][0]
    return found


def result_of(check: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        r for r in run_of(full_report())["results"] if r["ruleId"] == check
    )
    return found


def test_sarif_matches_the_golden_file(golden: Callable[[str, str], None]) -> None:
    golden("report.sarif", to_sarif(full_report(), LINES))


@pytest.mark.parametrize("made", [full_report(), report(), report(finding())])
def test_sarif_is_valid_by_the_oasis_schema(made: Report) -> None:
    sarif_validator().validate(json.loads(to_sarif(made, LINES)))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_valid_and_links_nowhere(text: str) -> None:
    written = to_sarif(hostile_report(text), LINES)
    sarif_validator().validate(json.loads(written))
    assert all(" " <= character <= "~" or character == "\n" for character in written)
    message = json.loads(written)["runs"][0]["results"][0]["message"]["text"]
    assert "](" not in message.replace(r"\[link](", "").replace(r"\[picture](", "")
    assert "\x1b" not in message
    assert "\u202e" not in message


def test_a_run_without_findings_has_an_empty_list_of_results() -> None:
    assert run_of(report())["results"] == []


def test_each_status_has_its_own_kind_and_only_failures_a_level() -> None:
    kinds = {
        r["properties"]["status"]: (r["kind"], r["level"] != "none")
        for r in run_of(full_report())["results"]
    }
    assert kinds == {
        "PASS": ("pass", False),
        "FAIL": ("fail", True),
        "MANUAL": ("review", False),
        "ERROR": ("open", False),
        "NOT_APPLICABLE": ("notApplicable", False),
    }


def test_levels_follow_severity() -> None:
    made = report(*(finding(f"ENV-00{s.rank}", severity=s) for s in Severity))
    levels = [r["level"] for r in run_of(made)["results"]]
    assert levels == ["note", "warning", "error", "error"]


def test_a_waived_failure_is_suppressed_with_owner_and_end_and_still_fails() -> None:
    result = result_of("ENV-007")
    (suppression,) = result["suppressions"]
    assert result["kind"] == "fail"
    assert suppression["justification"].startswith("ana@example.com: ")
    assert "2026-03-31" in suppression["justification"]


def test_what_nobody_waived_says_so_by_an_empty_list() -> None:
    assert result_of("EXP-002")["suppressions"] == []


def test_baseline_states_are_new_unchanged_regressed_and_absent() -> None:
    states = {
        (r["ruleId"], r["properties"].get("baseline", ""), r["baselineState"])
        for r in run_of(full_report())["results"]
        if r["baselineState"] != "unchanged" or r["kind"] == "fail"
    }
    assert ("SCP-002", "regressed", "new") in states
    assert ("ENV-003", "unchanged", "unchanged") in states
    assert ("ENV-003", "fixed", "updated") in states
    assert ("ENV-003", "", "absent") in states


def test_without_a_run_before_nothing_claims_a_baseline() -> None:
    run = run_of(report(finding()))
    assert "baselineGuid" not in run
    assert "baselineState" not in run["results"][0]


def test_the_baseline_guid_is_the_run_before_ones_own() -> None:
    now = full_report()
    earlier = report(profile=now.profile, generated_at=now.compared_with)
    assert run_of(now)["baselineGuid"] == run_of(earlier)["automationDetails"]["guid"]


def test_a_workspace_finding_points_to_its_catalog_entry_and_names_the_thing() -> None:
    (location,) = result_of("ACC-001")["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "docs/CHECKS.md", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 77},
    }
    (logical,) = location["logicalLocations"]
    (found,) = [f for f in full_report().findings if f.check == "ACC-001"]
    resource = found.resource
    assert logical["fullyQualifiedName"] == f"{resource.kind}/{resource.key}"


def test_a_finding_about_a_file_points_to_the_file() -> None:
    (location,) = result_of("ENV-003")["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == ".env.production"


def test_partial_fingerprints_are_the_findings_identity() -> None:
    made = finding()
    (result,) = run_of(report(made))["results"]
    assert result["partialFingerprints"] == {"runbookFinding/v1": made.fingerprint[3:]}


def test_a_missing_step_is_an_unsuccessful_invocation_with_its_reason() -> None:
    (invocation,) = run_of(full_report())["invocations"]
    assert invocation["executionSuccessful"] is False
    texts = [n["message"]["text"] for n in invocation["toolExecutionNotifications"]]
    assert "Audit log is missing: The kernel died." in texts


def test_every_result_names_a_rule_that_is_there() -> None:
    run = run_of(full_report())
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_lines_are_those_of_the_headings_in_the_catalog_page() -> None:
    page = checks_page().splitlines()
    for check, line in heading_lines().items():
        assert page[line - 1].startswith(f"### {check} ")


def test_status_has_no_member_that_sarif_does_not_know() -> None:
    made = report(*(finding(f"ENV-01{n}", status) for n, status in enumerate(Status)))
    assert len(run_of(made)["results"]) == len(Status)


def test_a_leaked_secret_points_to_its_lines_and_their_commits() -> None:
    (location,) = result_of("EXP-002")["locations"]
    place = location["physicalLocation"]
    assert place["artifactLocation"] == {
        "uri": "config/intercom.rb",
        "uriBaseId": "%SRCROOT%",
    }
    assert place["region"] == {"startLine": 3}
    assert location["properties"] == {"commit": "3f8e21ac"}
    assert location["logicalLocations"][0]["name"] == "access token 1f3a5c7d9e0b2a46"


def test_a_file_of_another_repository_is_named_by_its_whole_path() -> None:
    evidence = Evidence(what="x", place=FilePlace(path="/srv/other one/a.py", line=2))
    written = to_sarif(report(finding(evidence=(evidence,))), LINES)
    sarif_validator().validate(json.loads(written))
    (location,) = json.loads(written)["runs"][0]["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"] == {
        "uri": "file:///srv/other%20one/a.py"
    }


def test_the_run_names_the_audited_revision() -> None:
    (revision,) = run_of(full_report())["versionControlProvenance"]
    assert revision["repositoryUri"] == "https://git.example.com/acme/support-bot.git"
    assert revision["revisionId"] == "3f8e21ac" * 5
    assert revision["branch"] == "main"
    assert run_of(full_report())["properties"]["subject"]["workspace"] == "ecs8jk2m"


def test_a_remote_that_is_no_uri_gives_no_revision() -> None:
    code = SUBJECT.repository and SUBJECT.repository.model_copy(update={"remote": "/srv/a.git"})
    made = report(subject=SUBJECT.model_copy(update={"repository": code}))
    assert "versionControlProvenance" not in run_of(made)


def test_an_ssh_address_of_git_becomes_a_uri() -> None:
    remote = {"remote": "git.example.com:a/b.git"}
    code = SUBJECT.repository and SUBJECT.repository.model_copy(update=remote)
    made = report(subject=SUBJECT.model_copy(update={"repository": code}))
    (revision,) = run_of(made)["versionControlProvenance"]
    assert revision["repositoryUri"] == "ssh://git.example.com/a/b.git"
