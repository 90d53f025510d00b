from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from helpers.auditlog.checks.accounts import (
    account_taken_over,
    departed_or_dormant,
    new_addresses,
    off_hours,
    peaks,
    repeated_failures,
)
from helpers.auditlog.checks.changes import (
    apps_and_webhooks,
    data_taken_out,
    impersonation,
    permissions,
    sign_in_settings,
    tokens_and_secrets,
    two_factor,
    unknown_kinds,
)
from helpers.auditlog.checks.log import (
    audit_logging_is_on,
    log_has_no_gap,
    log_is_intact,
    log_is_kept,
    log_is_mirrored,
    period_is_reviewed,
)
from helpers.auditlog.records import (
    ActivityRow,
    Anchor,
    Gap,
    LogStatus,
    LogVerdict,
    MirrorEvidence,
    MirrorStatus,
    QuestionResult,
    Review,
    Verification,
    row_digest,
)
from helpers.core.catalog import Check, load
from helpers.core.model import Partial, Severity, Status
from helpers.core.policy import AuditPolicy, Policy
from tests.checking import NOW, off, statuses, unreadable, verdicts

PASS, FAIL, MANUAL, NONE, ERROR = (
    Status.PASS,
    Status.FAIL,
    Status.MANUAL,
    Status.NOT_APPLICABLE,
    Status.ERROR,
)


def _log(**changes: Any) -> LogStatus:
    verification = Verification(
        verdict=LogVerdict.INTACT,
        records=10,
        head=Anchor(seq=9, hash="a" * 64),
        vouched=("an anchor at record 9",),
    )
    sound = LogStatus(
        source="INTERCOM_AUDIT_LOG",
        chained=True,
        records=10,
        before_run=10,
        first_at=NOW - timedelta(days=20),
        last_at=NOW - timedelta(days=1),
        failures=0,
        longest_gap=Gap(days=3, start=NOW - timedelta(days=9), end=NOW - timedelta(days=6)),
        verification=verification,
        actions=(),
        actors=(),
        recent=(),
    )
    return sound.model_copy(update=changes)


def _verdict(verdict: LogVerdict, **more: Any) -> Verification:
    return Verification(verdict=verdict, problem="Something.", records=10, **more)


EMPTY = _log(records=0, before_run=0, first_at=None, last_at=None, longest_gap=None)
SHORT = Policy(auditlog=AuditPolicy(max_gap_days=2, retention_days=10))


@pytest.mark.parametrize(
    ("log", "status"),
    [
        (_log(), PASS),
        (EMPTY, FAIL),
        (_log(before_run=0), FAIL),
        (_log(last_at=NOW - timedelta(days=31)), FAIL),
        (_log(last_at=NOW - timedelta(days=30)), PASS),
        (unreadable(), ERROR),
        (off(), MANUAL),
    ],
)
def test_logging_is_on_with_fresh_records_from_before_this_run(log: Any, status: Status) -> None:
    assert statuses(audit_logging_is_on, log=log) == [status]


@pytest.mark.parametrize(
    ("log", "status", "severity"),
    [
        (_log(), PASS, Severity.MEDIUM),
        (_log(verification=_verdict(LogVerdict.TAMPERED)), FAIL, Severity.CRITICAL),
        (_log(verification=_verdict(LogVerdict.TRUNCATED)), FAIL, Severity.HIGH),
        (_log(verification=_verdict(LogVerdict.UNVERIFIED)), MANUAL, Severity.MEDIUM),
        (_log(verification=None, chained=False), FAIL, Severity.MEDIUM),
        (EMPTY.model_copy(update={"verification": None}), NONE, Severity.MEDIUM),
        (unreadable(), ERROR, Severity.MEDIUM),
    ],
)
def test_integrity_is_as_the_verifier_says(log: Any, status: Status, severity: Severity) -> None:
    (finding,) = verdicts(log_is_intact, log=log)
    assert (finding.status, finding.severity) == (status, severity)


def test_an_emptied_log_that_should_hold_records_is_not_passed_over() -> None:
    cut = EMPTY.model_copy(update={"verification": _verdict(LogVerdict.TRUNCATED)})
    assert statuses(log_is_intact, log=cut) == [FAIL]


@pytest.mark.parametrize(
    ("log", "policy", "status"),
    [
        (_log(), Policy(), PASS),
        (_log(), SHORT, FAIL),
        (_log(longest_gap=None, records=1), Policy(), NONE),
        (_log(longest_gap=None), Policy(), ERROR),
        (unreadable(), Policy(), ERROR),
    ],
)
def test_a_silence_longer_than_the_policys_fails(log: Any, policy: Policy, status: Status) -> None:
    assert statuses(log_has_no_gap, log=log, policy=policy) == [status]


@pytest.mark.parametrize(
    ("log", "policy", "status"),
    [
        (_log(), SHORT, PASS),
        (_log(), Policy(), PASS),
        (_log(verification=_verdict(LogVerdict.INTACT, first_seq=50)), Policy(), FAIL),
        (_log(verification=None), Policy(), MANUAL),
        (EMPTY, Policy(), NONE),
        (unreadable(), Policy(), ERROR),
    ],
)
def test_the_log_reaches_back_far_enough(log: Any, policy: Policy, status: Status) -> None:
    assert statuses(log_is_kept, log=log, policy=policy) == [status]


def _review(days_ago: int = 1, *seen: ActivityRow, rows: int = 7, now: int | None = 7) -> Review:
    end = NOW - timedelta(days=days_ago)
    return Review(
        reviewer="Ann",
        signed_at=end,
        period_from=end - timedelta(days=30),
        period_to=end,
        rows=rows,
        results="ab" * 32,
        rows_now=now,
        seen=tuple(row_digest(row) for row in seen),
    )


@pytest.mark.parametrize(
    ("reviews", "status"),
    [
        ((_review(),), PASS),
        ((_review(200), _review(31)), PASS),
        ((_review(32),), FAIL),
        ((_review(now=9),), MANUAL),
        ((_review(now=6),), ERROR),
        ((_review(now=None),), ERROR),
        ((_review(rows=0, now=7),), FAIL),
        ((_review(rows=0, now=0),), PASS),
        ((), FAIL),
        (unreadable(), ERROR),
    ],
)
def test_an_unreviewed_period_fails(reviews: Any, status: Status) -> None:
    assert statuses(period_is_reviewed, reviews=reviews) == [status]


@pytest.mark.parametrize(
    ("mirror", "status"),
    [
        ((MirrorStatus(sink="s", last=9, behind=0, refused=0),), PASS),
        ((MirrorStatus(sink="s", behind=0, refused=0),), NONE),
        ((MirrorStatus(sink="s", behind=3, refused=0, reason="down"),), FAIL),
        ((MirrorStatus(sink="s", behind=0, refused=1),), FAIL),
        ((), NONE),
    ],
)
def test_a_mirror_that_is_behind_fails(mirror: tuple[MirrorStatus, ...], status: Status) -> None:
    assert statuses(log_is_mirrored, mirror=MirrorEvidence(mirrors=mirror)) == [status]


def test_a_mirror_that_is_off_is_manual() -> None:
    assert statuses(log_is_mirrored, mirror=off()) == [MANUAL]
    assert statuses(log_is_mirrored, mirror=unreadable()) == [ERROR]


ASKED = {
    account_taken_over: ("takeover",),
    repeated_failures: ("failures_then_success",),
    tokens_and_secrets: ("token_regenerations", "secret_creations"),
    data_taken_out: ("exports", "deletions"),
    two_factor: ("two_factor_changes",),
    sign_in_settings: ("sign_in_changes",),
    impersonation: ("impersonation",),
    permissions: ("permission_changes",),
    new_addresses: ("first_seen_address", "new_places"),
    apps_and_webhooks: ("app_installs", "webhook_changes"),
    off_hours: ("off_hours",),
    departed_or_dormant: ("dormant_active", "departed_active"),
    peaks: ("peaks",),
    unknown_kinds: ("unknown_security",),
}
PAIRS = [pytest.param(c, q, id=f"{c.id}-{q}") for c, names in ASKED.items() for q in names]


def _row(actor: str = "ann@example.com", *flags: str, days: int = 5) -> ActivityRow:
    return ActivityRow(
        id="1",
        at=NOW - timedelta(days=days),
        actor=actor,
        ip="192.0.2.1",
        activity="x",
        detail="did it",
        flags=flags,
    )


def _answers(
    question: str, *rows: ActivityRow, count: int | None = None
) -> tuple[QuestionResult, ...]:
    found = tuple(
        QuestionResult(question=name, title=name, count=0, flagged=0, rows=())
        for names in ASKED.values()
        for name in names
        if name != question
    )
    flagged = sum(bool(row.flags) for row in rows)
    total = len(rows) if count is None else count
    return (
        *found,
        QuestionResult(question=question, title=question, count=total, flagged=flagged, rows=rows),
    )


def _of(check: Check, question: str, answers: Any, reviews: Any = ()) -> list[Status]:
    found = verdicts(check, answers=answers, reviews=reviews, teammates=("id-ann",))
    return [f.status for f in found if question in f.resource.key or f.status is ERROR]


@pytest.mark.parametrize(("check", "question"), PAIRS)
def test_part_of_the_log_never_passes_but_still_fails(check: Check, question: str) -> None:
    def part(*rows: ActivityRow) -> Partial[Any]:
        return Partial(_answers(question, *rows), "1 row was not understood.", "GET /x")

    assert _of(check, question, part()) == [ERROR]
    assert set(_of(check, question, part(_row("ann", "odd")))) == {FAIL, ERROR}
    assert set(_of(check, question, part(_row()), (_review(1, _row()),))) == {ERROR}


def test_without_the_teammates_nobody_is_known_to_be_gone() -> None:
    (found,) = statuses(
        departed_or_dormant,
        answers=_answers("departed_active"),
        reviews=(),
        teammates=unreadable("GET /admins"),
    )
    assert found is ERROR


@pytest.mark.parametrize(("check", "question"), PAIRS)
def test_what_stands_out_fails_and_what_does_not_asks(check: Check, question: str) -> None:
    assert _of(check, question, _answers(question)) == [PASS]
    assert _of(check, question, _answers(question, _row())) == [MANUAL]
    assert _of(check, question, _answers(question, _row("ann", "odd"), _row("bob"))) == [
        FAIL,
        MANUAL,
    ]
    assert _of(check, question, _answers(question, _row()), (_review(1, _row()),)) == [PASS]
    assert _of(check, question, _answers(question, _row()), (_review(),)) == [MANUAL]  # came later
    old = _row(days=50)
    assert _of(check, question, _answers(question, old), (_review(1, old),)) == [MANUAL]
    odd = _row("ann", "odd")
    assert _of(check, question, _answers(question, odd), (_review(1, odd),)) == [FAIL]
    assert _of(check, question, unreadable()) == [ERROR]
    assert _of(check, question, off()) == []  # MANUAL, under the datum's own name


@pytest.mark.parametrize(("check", "question"), PAIRS)
def test_rows_beyond_what_a_report_holds_ask_for_a_person(check: Check, question: str) -> None:
    found = _of(check, question, _answers(question, _row(), count=70), (_review(1, _row()),))
    assert sorted(found) == [MANUAL, PASS]


LATER = NOW - timedelta(days=1)  # the first audit, after the rows
NEVER_HISTORY = ("takeover", "dormant_active", "departed_active")


@pytest.mark.parametrize(
    ("check", "question"), [pair for pair in PAIRS if pair.values[1] not in NEVER_HISTORY]
)
def test_what_was_before_the_first_audit_is_one_item_that_never_passes_unseen(
    check: Check, question: str
) -> None:
    flags = () if question == "failures_then_success" else ("odd",)
    rows = (_row("bob", *flags), _row("ann"), _row("cy"))
    answers = _answers(question, *rows)
    (found,) = [
        f
        for f in verdicts(check, answers=answers, reviews=(), first_audit=LATER)
        if f.status is not PASS
    ]
    assert (found.status, found.resource.kind) == (MANUAL, "history")
    assert "3 times" in found.resource.name
    assert len(found.evidence) == 3
    signed = (_review(1, *rows),)
    after = verdicts(check, answers=answers, reviews=signed, first_audit=LATER)
    assert {f.status for f in after} == {PASS}


@pytest.mark.parametrize(
    ("sign", "row"),
    [
        ("takeover", _row("bob")),
        ("departed_active", _row("bob")),
        ("dormant_active", _row("bob")),
        ("failures_then_success", _row("bob", "a new address")),
    ],
)
def test_an_account_that_may_be_in_wrong_hands_has_no_history(sign: str, row: ActivityRow) -> None:
    exported = QuestionResult(
        question="exports", title="exports", count=1, flagged=1, rows=(_row("bob", "at night"),)
    )
    answers = tuple(a for a in _answers(sign, row) if a.question != "exports")
    found = verdicts(data_taken_out, answers=(*answers, exported), reviews=(), first_audit=LATER)
    assert FAIL in {f.status for f in found}


def test_a_takeover_before_the_first_audit_is_an_incident_still() -> None:
    answers = _answers("takeover", _row("bob", "a new address"))
    (found,) = verdicts(account_taken_over, answers=answers, reviews=())
    assert (found.status, found.severity, found.incident) == (FAIL, Severity.CRITICAL, True)


def test_what_happens_after_the_first_audit_fails_as_ever() -> None:
    answers = _answers("exports", _row("ann", "at night"), _row("ann", "at night", days=0))
    found = verdicts(data_taken_out, answers=answers, reviews=(), first_audit=LATER)
    assert {f.status for f in found} == {FAIL, MANUAL, PASS}  # deletions pass


def test_an_unreadable_state_passes_nothing() -> None:
    answers = _answers("exports")
    found = verdicts(data_taken_out, answers=answers, reviews=(), first_audit=unreadable())
    assert {f.status for f in found} == {ERROR}


def test_what_repeats_itself_word_for_word_is_one_piece_of_evidence() -> None:
    failure, other = _row("ann", "at night"), {"detail": "exported 7 contacts"}
    rows = (*[failure] * 9, failure.model_copy(update=other), failure)
    found = verdicts(account_taken_over, answers=_answers("takeover", *rows), reviews=(_review(),))
    (told,) = (f.evidence for f in found if f.status is FAIL)
    assert [one.what for one in told] == ["did it (9 times)", "exported 7 contacts", "did it"]


def test_a_teammate_keeps_one_finding_whatever_the_day() -> None:
    first = verdicts(data_taken_out, answers=_answers("exports", _row()), reviews=())
    later = verdicts(data_taken_out, answers=_answers("exports", _row(days=2)), reviews=())
    assert [f.fingerprint for f in first] == [f.fingerprint for f in later]


def test_every_question_is_judged_by_a_check() -> None:
    from helpers.auditlog.questions import questions

    judged = {name for names in ASKED.values() for name in names}
    assert judged == {question.name for question in questions()}


def test_every_check_has_its_verdict_table_and_controls() -> None:
    for check in load("auditlog"):
        assert set(check.verdicts) == set(Status), check.id
        assert check.controls, check.id
        assert not check.verdicts[FAIL].startswith("never")
