"""Every check of the step: pass, fail, not applicable, unavailable, and its edges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from helpers.core import catalog
from helpers.core.judge import judge
from helpers.core.model import Cause, Datum, Finding, Known, Severity, Snapshot, Status, Unavailable
from helpers.core.policy import Policy, RotationPolicy
from helpers.rotation.records import (
    KeyAge,
    KnownBy,
    Leftover,
    ListedIdentitySecret,
    Proof,
    Regeneration,
    RehearsedStep,
    RotationFacts,
    RotationRecord,
    RotationRehearsal,
)
from helpers.rotation.transitions import Mode, State

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LOST = Unavailable(reason="state.db is damaged.", call="state.db")
OFF = Unavailable(reason="Off.", call="rotation", cause=Cause.OFF)
PASS, FAIL, MANUAL, NA, ERROR = (
    Status.PASS,
    Status.FAIL,
    Status.MANUAL,
    Status.NOT_APPLICABLE,
    Status.ERROR,
)


def key(days: int, *, exact: bool = True, kind: str = "access_token") -> KeyAge:
    return KeyAge(
        variable="INTERCOM_ACCESS_TOKEN",
        kind=kind,
        fingerprint="0" * 16,
        origin=".env",
        since=NOW - timedelta(days=days),
        known_by=KnownBy.LEDGER if exact else KnownBy.FIRST_SEEN,
        exact=exact,
    )


def made(days: float, *, recorded: bool = False) -> Regeneration:
    return Regeneration(
        id=f"row-{days}",
        at=NOW - timedelta(days=days),
        activity_type="app_package_token_regeneration",
        by="eve@example.com",
        description="Eve regenerated the access token of Sync.",
        app="",
        recorded=recorded,
    )


def rotation(state: State, days: int = 0, kind: str = "access_token") -> RotationRecord:
    return RotationRecord(
        variable="INTERCOM_ACCESS_TOKEN",
        kind=kind,
        mode=Mode.OVERLAP,
        compromised=False,
        state=state,
        reason="It answered oddly." if state is State.NEEDS_HUMAN else "",
        actor="ada@desk",
        opened_at=NOW - timedelta(days=days),
        moved_at=NOW - timedelta(days=days),
    )


def rehearsal(*states: State, proven: bool = True) -> RotationRehearsal:
    return RotationRehearsal(
        mode=Mode.OVERLAP,
        steps=tuple(RehearsedStep(state=state, proof="seen") for state in states),
        revocation=Proof(before=200, after=("401 token_revoked",) * 2, control=200)
        if proven
        else None,
        old_fingerprint="0" * 16,
        new_fingerprint="1" * 16,
    )


def secret(name: str) -> ListedIdentitySecret:
    return ListedIdentitySecret(id=name, name=name, created_at=NOW)


def judged(check_id: str, policy: Policy | None = None, **data: Any) -> list[Finding]:
    """The findings of one check; facts that are not named are lost."""
    fields: dict[str, Datum[Any]] = dict.fromkeys(RotationFacts.model_fields, LOST)
    fields["first_audit"] = Known(None)
    fields |= {n: v if isinstance(v, Unavailable) else Known(v) for n, v in data.items()}
    snapshot = Snapshot[Any](
        step="rotation", profile="production", taken_at=NOW, facts=RotationFacts(**fields)
    )
    return list(judge(snapshot, [catalog.find(check_id)], policy or Policy(), NOW))


DAY = timedelta(days=1)
OWNED = Policy(rotation=RotationPolicy(owner="ada@example.com"))
WHOLE = (State.PLANNED, State.DONE)


@pytest.mark.parametrize(
    ("check_id", "data", "policy", "status"),
    [
        ("ROT-001", {"keys": (key(90),)}, None, PASS),
        ("ROT-001", {"keys": (key(91),)}, None, FAIL),
        ("ROT-001", {"keys": (key(91, exact=False),)}, None, FAIL),
        ("ROT-001", {"keys": (key(0, exact=False),)}, None, MANUAL),
        ("ROT-001", {"keys": (key(170, kind="client_secret"),)}, None, PASS),
        ("ROT-001", {"keys": ()}, None, NA),
        ("ROT-001", {"keys": LOST}, None, ERROR),
        ("ROT-002", {"keys": (key(53),)}, None, PASS),
        ("ROT-002", {"keys": (key(54),)}, None, FAIL),
        ("ROT-002", {"keys": (key(60, exact=False),)}, None, FAIL),
        ("ROT-002", {"keys": (key(1, exact=False),)}, None, MANUAL),
        ("ROT-002", {"keys": (key(91),)}, None, NA),
        ("ROT-002", {"keys": ()}, None, NA),
        ("ROT-002", {"keys": LOST}, None, ERROR),
        ("ROT-003", {"regenerations": (), "rotations": ()}, None, PASS),
        ("ROT-003", {"regenerations": (made(1, recorded=True),), "rotations": ()}, None, PASS),
        ("ROT-003", {"regenerations": (made(1),), "rotations": ()}, None, FAIL),
        ("ROT-003", {"regenerations": (made(31),), "rotations": ()}, None, MANUAL),
        (
            "ROT-003",
            {"regenerations": (made(2),), "rotations": (), "first_audit": NOW},
            None,
            MANUAL,
        ),
        (
            "ROT-003",
            {"regenerations": (made(1),), "rotations": (), "first_audit": NOW - 3 * DAY},
            None,
            FAIL,
        ),
        (
            "ROT-003",
            {
                "regenerations": (made(2),),
                "rotations": (rotation(State.DONE, 5),),
                "first_audit": NOW,
            },
            None,
            FAIL,
        ),
        (
            "ROT-003",
            {"regenerations": (made(31),), "rotations": (rotation(State.DONE, 40),)},
            None,
            FAIL,
        ),
        ("ROT-003", {"regenerations": LOST, "rotations": ()}, None, ERROR),
        ("ROT-004", {"rotations": (rotation(State.DONE, 99),)}, None, PASS),
        ("ROT-004", {"rotations": (rotation(State.NEEDS_HUMAN),)}, None, FAIL),
        ("ROT-004", {"rotations": (rotation(State.STAGED, 8),)}, None, FAIL),
        ("ROT-004", {"rotations": (rotation(State.STAGED, 7),)}, None, MANUAL),
        ("ROT-004", {"rotations": ()}, None, NA),
        ("ROT-004", {"rotations": LOST}, None, ERROR),
        ("ROT-005", {"keys": (key(1),)}, OWNED, PASS),
        ("ROT-005", {"keys": (key(1),)}, None, FAIL),
        ("ROT-005", {"keys": ()}, None, NA),
        ("ROT-005", {"keys": LOST}, None, ERROR),
        ("ROT-006", {"rehearsal": rehearsal(*WHOLE)}, None, PASS),
        ("ROT-006", {"rehearsal": rehearsal(State.PLANNED)}, None, FAIL),
        ("ROT-006", {"rehearsal": rehearsal(*WHOLE, proven=False)}, None, FAIL),
        ("ROT-006", {"rehearsal": rehearsal(proven=False)}, None, FAIL),
        ("ROT-006", {"rehearsal": OFF}, None, MANUAL),
        ("ROT-006", {"rehearsal": LOST}, None, ERROR),
        ("ROT-007", {"leftovers": (Leftover(name="x", explained=True),)}, None, PASS),
        ("ROT-007", {"leftovers": (Leftover(name="x", explained=False),)}, None, FAIL),
        ("ROT-007", {"leftovers": ()}, None, NA),
        ("ROT-007", {"leftovers": LOST}, None, ERROR),
        ("ROT-008", {"identity_secrets": (secret("a"),), "rotations": ()}, None, PASS),
        ("ROT-008", {"identity_secrets": (secret("a"), secret("b")), "rotations": ()}, None, FAIL),
        (
            "ROT-008",
            {
                "identity_secrets": (secret("a"), secret("b")),
                "rotations": (rotation(State.SWAPPED, kind="identity_secret"),),
            },
            None,
            PASS,
        ),
        ("ROT-008", {"identity_secrets": (), "rotations": ()}, None, NA),
        ("ROT-008", {"identity_secrets": LOST, "rotations": ()}, None, ERROR),
    ],
)
def test_a_check_says_what_its_table_says(
    check_id: str, data: dict[str, Any], policy: Policy | None, status: Status
) -> None:
    found = judged(check_id, policy, **data)
    assert [finding.status for finding in found] == [status]
    assert status in catalog.find(check_id).verdicts


def test_every_check_of_the_step_is_tried() -> None:
    assert [check.id for check in catalog.load("rotation")] == [f"ROT-00{n}" for n in range(1, 9)]


@pytest.mark.parametrize(
    ("days", "severity"), [(54, Severity.LOW), (72, Severity.MEDIUM), (90, Severity.MEDIUM)]
)
def test_a_warning_grows_with_the_age(days: int, severity: Severity) -> None:
    assert judged("ROT-002", keys=(key(days),))[0].severity is severity


def test_an_unrecorded_regeneration_is_critical_and_names_the_person() -> None:
    (finding,) = judged("ROT-003", regenerations=(made(2),), rotations=())
    assert finding.severity is Severity.CRITICAL
    assert "eve@example.com" in finding.message


def test_a_policy_that_sets_one_limit_keeps_the_others() -> None:
    rules = Policy(rotation=RotationPolicy(max_age_days={"access_token": 30}))
    keys = (key(31), key(170, kind="client_secret"))
    assert [f.status for f in judged("ROT-001", rules, keys=keys)] == [FAIL, PASS]
