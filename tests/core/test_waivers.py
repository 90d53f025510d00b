"""Waivers annotate, never remove; and they are under watch themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.core import catalog
from helpers.core.errors import ConfigurationError, UsageError
from helpers.core.judge import judge
from helpers.core.model import Finding, Known, Resource, Snapshot, Status, Unavailable
from helpers.core.policy import Policy, WaiverPolicy
from helpers.core.policy_file import load_restricted_policy
from helpers.core.waivers import (
    Waiver,
    WaiverFacts,
    WaiverOrigin,
    apply_waivers,
    load_repository_waivers,
    load_waivers,
    with_waiver,
)
from helpers.notebook.context_factory import waivers_of
from helpers.notebook.parameters import Choices
from tests.report.samples import NOW, finding

LAST_DAY = date(2026, 3, 2)
KNOWN = {"ENV-001", "ENV-002"}
ALL_ALLOWED = WaiverPolicy(any_resource=dict.fromkeys(KNOWN, "A test."))
GOOD = """\
[[waiver]]
check = "ENV-001"
resource = ".env*"
owner = "ana@example.com"
reason = "Known."
expires = 2026-03-31
"""


def waiver(check: str = "ENV-001", resource: str = "*", expires: date = LAST_DAY) -> Waiver:
    return Waiver(check=check, resource=resource, owner="ana", reason="known", expires=expires)


def noted(*waivers: Waiver, status: Status = Status.FAIL, now: datetime = NOW) -> Finding:
    ((one,), _) = apply_waivers([finding(status=status)], waivers, catalog.load(), ALL_ALLOWED, now)
    return one


def verdicts(facts: WaiverFacts) -> dict[str, set[Status]]:
    snapshot = Snapshot(step="waivers", profile="production", taken_at=NOW, facts=facts)
    found: dict[str, set[Status]] = {}
    for one in judge(snapshot, catalog.load("waivers"), Policy(), NOW):
        found.setdefault(one.check, set()).add(one.status)
    return found


def verdicts_of(findings: Sequence[Finding], *waivers: Waiver) -> dict[str, set[Status]]:
    return verdicts(apply_waivers(findings, waivers, catalog.load(), ALL_ALLOWED, NOW)[1])


def test_a_waived_finding_keeps_its_verdict_and_bears_owner_reason_and_end() -> None:
    one = noted(waiver())
    assert one.status is Status.FAIL
    assert one.waiver is not None
    assert one.waiver.model_dump() == {
        "owner": "ana",
        "reason": "known",
        "expires": "2026-03-02",
        "origin": "",
    }
    assert not one.failing


def test_a_waiver_holds_to_the_end_of_its_last_day() -> None:
    assert noted(waiver(), now=datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC)).waiver
    assert not noted(waiver(), now=datetime(2026, 3, 3, tzinfo=UTC)).waiver


def test_expired_waiver_does_not_suppress() -> None:
    assert noted(waiver(expires=date(2026, 3, 1))).failing


def test_an_expired_waiver_leaves_room_for_one_that_holds() -> None:
    assert noted(waiver(expires=date(2026, 3, 1)), waiver()).waiver


@pytest.mark.parametrize("status", [Status.PASS, Status.NOT_APPLICABLE])
def test_what_is_fine_is_not_waived(status: Status) -> None:
    assert noted(waiver(), status=status).waiver is None


@pytest.mark.parametrize("status", [Status.MANUAL, Status.ERROR])
def test_what_needs_a_person_or_could_not_be_looked_at_can_be_waived(status: Status) -> None:
    assert noted(waiver(), status=status).waiver


@pytest.mark.parametrize(
    ("check", "pattern", "covers"),
    [
        ("ENV-001", ".env", True),
        ("ENV-001", ".e?v", True),
        ("ENV-001", ".ENV", False),
        ("ENV-001", "env", False),
        ("ENV-002", "*", False),
        ("env-001", "*", False),
    ],
)
def test_a_waiver_covers_what_it_names_and_nothing_else(
    check: str, pattern: str, *, covers: bool
) -> None:
    resource = Resource(kind="file", key=".env")
    assert waiver(check, pattern).covers("ENV-001", resource) is covers


@given(st.lists(st.sampled_from(["ENV-001", "ENV-002", "XXX-999"]), max_size=4))
def test_waivers_never_add_remove_or_change_a_verdict(checks: list[str]) -> None:
    findings = [finding(c, s) for c in sorted(KNOWN) for s in Status]
    waivers = [waiver(c) for c in checks]
    after, _ = apply_waivers(findings, waivers, catalog.load(), ALL_ALLOWED, NOW)
    assert [f.model_copy(update={"waiver": None}) for f in after] == findings


def test_a_waiver_that_is_needed_passes_every_check_on_it() -> None:
    said = verdicts_of([finding()], waiver())
    assert said == {f"WVR-00{n}": {Status.PASS} for n in range(1, 6)}


def test_an_expired_waiver_fails() -> None:
    assert verdicts_of([finding()], waiver(expires=date(2026, 3, 1)))["WVR-001"] == {Status.FAIL}


def test_a_waiver_that_matches_nothing_any_more_fails() -> None:
    assert verdicts_of([finding(status=Status.PASS)], waiver())["WVR-002"] == {Status.FAIL}


@pytest.mark.parametrize("findings", [[], [finding(status=Status.ERROR)]])
def test_a_waiver_whose_check_was_not_wholly_judged_is_not_called_stale(
    findings: list[Finding],
) -> None:
    other = waiver(resource="another")
    assert verdicts_of(findings, other)["WVR-002"] == {Status.NOT_APPLICABLE}


def test_a_waiver_of_a_check_that_does_not_exist_fails_and_is_not_stale_too() -> None:
    said = verdicts_of([finding()], waiver("ENV-0O1"))
    assert said["WVR-003"] == {Status.FAIL}
    assert said["WVR-002"] == {Status.NOT_APPLICABLE}


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (waiver("ENV-003"), "every resource"),
        (waiver("ENV-003", "?*"), "every resource"),
        (waiver("ENV-003", "[a-z.]*[!x]"), "every resource"),
        (waiver("ENV-001", expires=date(2027, 3, 3)), "more than 365 days"),
        (waiver("AUD-010", "takeover/*"), "live compromise"),
        (waiver("ROT-003", "?egenerations"), "live compromise"),
    ],
)
def test_a_waiver_that_the_policy_does_not_allow_suppresses_nothing(
    refused: Waiver, said: str
) -> None:
    found = finding(refused.check)
    covers = refused.model_copy(update={"resource": found.resource.key[:-1] + "?"})
    waivers = [refused, covers] if refused.check in {"AUD-010", "ROT-003"} else [refused]
    ((one,), facts) = apply_waivers([found], waivers, catalog.load(), ALL_ALLOWED, NOW)
    assert one.failing
    assert isinstance(facts.waivers, Known)
    assert all(said in use.refused for use in facts.waivers.value)
    assert verdicts(facts)["WVR-005"] == {Status.FAIL}


def test_a_sign_of_a_live_compromise_can_be_waived_by_its_whole_key() -> None:
    found = finding("AUD-010")
    named = waiver("AUD-010", found.resource.key)
    ((one,), _) = apply_waivers([found], [named], catalog.load(), WaiverPolicy(), NOW)
    assert one.waiver


def test_the_audited_repository_does_not_widen_what_may_be_waived(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[waivers]\nmax_waiver_days = 3650\nany_resource = { ENV-001 = "mine" }\n')
    policy, source = load_restricted_policy("production", path)
    assert policy.waivers == WaiverPolicy()
    assert set(source.ignored) == {"waivers.max_waiver_days", "waivers.any_resource"}


def test_without_waivers_there_is_nothing_to_check() -> None:
    said = verdicts_of([finding()])
    assert set(said) == {"WVR-001", "WVR-002", "WVR-003", "WVR-004", "WVR-005"}
    assert all(statuses == {Status.NOT_APPLICABLE} for statuses in said.values())


def test_waivers_that_could_not_be_matched_are_an_error() -> None:
    said = verdicts(WaiverFacts(waivers=Unavailable(reason="broken", call="waivers")))
    assert all(statuses == {Status.ERROR} for statuses in said.values())


def test_a_good_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(GOOD)
    (one,) = load_waivers(path)
    assert (one.check, one.resource, one.expires) == ("ENV-001", ".env*", date(2026, 3, 31))


def test_no_file_means_no_waivers() -> None:
    assert load_waivers(None) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace('reason = "Known."\n', ""), "line 1: reason is missing"),
        (GOOD.replace('"Known."', '"  "'), "line 5: reason is missing or can't be used"),
        (GOOD + GOOD.replace("expires = 2026-03-31", 'expires = "soon"'), "line 12: expires"),
        (GOOD + GOOD.replace("owner", "onwer"), "waiver"),
        (GOOD + "extra = 1\n", "line 7: extra"),
        ("[waiver]\ncheck = 'ENV-001'\n", "line 1: waiver"),
        ("version = 1\n" + GOOD, "line 1: version"),
        ("[[waiver]\n", "not valid TOML"),
        ("waiver = [1]\n", "line 1"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_waivers(path)
    assert said in caught.value.message
    assert caught.value.advice


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    with pytest.raises(ConfigurationError, match="can't be read"):
        load_waivers(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load_waivers(path)


ENTRY = """\
[[waiver]]
check = "ENV-001"
resource = ".env"
owner = "ana"
reason = "known"
expires = 2026-03-02
"""


@pytest.mark.parametrize(
    ("on_default_branch", "origin", "status"),
    [
        (ENTRY, WaiverOrigin.REPOSITORY, Status.PASS),
        ("", WaiverOrigin.NEW, Status.FAIL),
        (ENTRY.replace("ENV-001", "ENV-002"), WaiverOrigin.NEW, Status.FAIL),
        ("no TOML", WaiverOrigin.NEW, Status.FAIL),
        (None, WaiverOrigin.UNKNOWN, Status.MANUAL),
    ],
)
def test_a_waiver_of_the_repository_is_marked_and_a_new_one_fails(
    tmp_path: Path, on_default_branch: str | None, origin: WaiverOrigin, status: Status
) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(ENTRY)
    (found,) = load_repository_waivers(path, on_default_branch)
    assert found.origin is origin
    noted_as = noted(found).waiver
    assert noted_as
    assert noted_as.origin == origin.value
    assert verdicts_of([finding()], found)["WVR-004"] == {status}


def test_a_waiver_can_not_name_its_own_origin(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    path.write_text(f'{ENTRY}origin = "the operator"\n')
    with pytest.raises(ConfigurationError, match="line 7: origin"):
        load_waivers(path)


def test_a_waiver_of_a_workspace_holds_for_that_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "workspaces.toml"
    file.write_text("".join(f'[{n}]\nenvironment = "staging"\n' for n in ("shop-eu", "shop-us")))
    monkeypatch.setenv("RUNBOOK_WORKSPACES", str(file))
    (tmp_path / "policy.toml").write_text("")
    own = GOOD.replace("ENV-001", "ENV-002") + 'workspace = "shop-eu"\n'
    (tmp_path / "waivers.toml").write_text(f"{GOOD}\n{own}")
    held = {
        name: [one.check for one in waivers_of(Choices(name, policy=str(tmp_path / "policy.toml")))]
        for name in ("shop-eu", "shop-us", "production")
    }
    assert held == {
        "shop-eu": ["ENV-001", "ENV-002"],
        "shop-us": ["ENV-001"],
        "production": ["ENV-001"],
    }


def test_a_waiver_is_written_with_its_workspace_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "waivers.toml"
    for name in ("shop-eu", "shop-us"):
        path.write_text(with_waiver(path, waiver().model_copy(update={"workspace": name})))
    assert [one.workspace for one in load_waivers(path)] == ["shop-eu", "shop-us"]
    with pytest.raises(UsageError):
        with_waiver(path, load_waivers(path)[0])
