"""The questions, each on a few rows that do and don't answer it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from helpers.auditlog.partitions import Partitions
from helpers.auditlog.questions import QuestionParameters, ask, questions
from helpers.auditlog.records import QuestionResult
from helpers.core.errors import StateError
from helpers.intercom.activity_types import activity_types

END = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOON = datetime(2026, 2, 17, 12, 0, tzinfo=UTC)  # a Tuesday
NEW = "from an address new to this teammate"
LATE = "outside working hours"


class TakeoverSteps:
    """Rows, written with few words."""

    def __init__(self, folder: Path) -> None:
        self._partitions = Partitions(folder)
        self._rows: list[dict[str, Any]] = []
        for day in range(1, 26):  # the usual: known from one address
            self.row("admin_login_success", at=END - timedelta(days=day), who="ann")

    def row(
        self, kind: str, *, at: datetime = NOON, who: str = "ann", **told: Any
    ) -> TakeoverSteps:
        number = str(len(self._rows))
        by = {"id": f"id-{who}", "email": f"{who}@example.com", "ip": told.get("ip", "192.0.2.1")}
        item = {"id": number, "performed_by": by, "created_at": int(at.timestamp())}
        item |= {"activity_type": kind, "activity_description": told.get("text", kind)}
        self._rows.append(item | {"metadata": told.get("metadata", {})})
        return self

    def answers(self, **variables: Any) -> dict[str, QuestionResult]:
        with self._partitions.ingest() as writer:
            writer.add(self._rows)
        start = END - timedelta(days=30)
        teammates = ("id-ann", "id-bob")
        parameters = QuestionParameters(start, END, teammates, variables)
        with self._partitions.reading() as files:
            return {answer.question: answer for answer in ask(files, parameters)[1]}


@pytest.fixture
def story(tmp_path: Path) -> TakeoverSteps:
    return TakeoverSteps(tmp_path)


@pytest.mark.parametrize(
    ("kind", "question"),
    [
        ("app_data_export", "exports"),
        ("bulk_export", "exports"),
        ("bulk_delete", "deletions"),
        ("workspace_deletion_request", "deletions"),
        ("admin_permission_change", "permission_changes"),
        ("role_change", "permission_changes"),
        ("admin_deletion", "permission_changes"),
        ("app_authentication_method_change", "sign_in_changes"),
        ("security_settings_change", "sign_in_changes"),
        ("admin_two_factor_auth_change", "two_factor_changes"),
        ("admin_impersonation_consent_approved", "impersonation"),
        ("app_package_token_regeneration", "token_regenerations"),
        ("oauth_token_revocation", "token_regenerations"),
        ("app_package_installation", "app_installs"),
        ("app_webhook_creation", "webhook_changes"),
        ("messenger_api_secret_creation", "secret_creations"),
        ("custom_authentication_token_creation", "secret_creations"),
        ("personal_API_KEY_creation", "unknown_security"),
        ("admin_sso_role_bypass", "unknown_security"),
    ],
)
def test_each_kind_answers_its_question_and_no_other_of_its_sort(
    story: TakeoverSteps, kind: str, question: str
) -> None:
    answers = story.row(kind).answers()
    assert [name for name, answer in answers.items() if answer.count] == [question]
    assert answers[question].flagged == 0


def test_an_ordinary_month_answers_no_question(story: TakeoverSteps) -> None:
    assert not [a for a in story.answers().values() if a.count]


def test_every_kind_that_is_asked_for_is_a_kind_that_exists() -> None:
    import re

    folder = Path(__file__).parents[2] / "helpers" / "auditlog" / "questions"
    text = (folder / "_prepare.sql").read_text()
    text = text[: text.index("-- Types that")]
    named = set(re.findall(r"'([a-z]+_[a-z_]+)'", text))
    assert named
    assert named <= activity_types()


def test_an_address_is_new_for_a_day_for_somebody_who_was_known(story: TakeoverSteps) -> None:
    later = NOON + timedelta(days=2)
    story.row("bulk_export", ip="198.51.100.9").row("bulk_export", at=later, ip="198.51.100.9")
    rows = story.answers()["exports"].rows
    assert [row.flags for row in rows] == [(NEW,), ()]


def test_a_newcomers_first_address_is_not_new(story: TakeoverSteps) -> None:
    story.row("admin_login_success", who="bob", ip="198.51.100.9")
    assert not story.answers()["first_seen_address"].count


def test_a_new_address_in_a_known_network_is_no_new_place(story: TakeoverSteps) -> None:
    story.row("admin_login_success", ip="192.0.2.77")
    story.row("admin_login_success", ip="198.51.100.9")
    answers = story.answers()
    assert answers["first_seen_address"].count == 2
    assert [row.ip for row in answers["new_places"].rows] == ["198.51.100.9"]


def test_working_hours_are_those_of_the_policys_time_zone(story: TakeoverSteps) -> None:
    early = NOON.replace(hour=5)  # six in Berlin, two in the afternoon in Tokyo
    story.row("bulk_export", at=early)
    assert story.answers(time_zone="Europe/Berlin")["off_hours"].count == 1
    assert story.answers(time_zone="Asia/Tokyo")["off_hours"].count == 0
    assert story.answers(time_zone="Europe/Berlin", day_starts=6)["off_hours"].count == 0


def test_a_week_end_is_outside_working_hours(story: TakeoverSteps) -> None:
    saturday = NOON + timedelta(days=4)
    assert story.row("role_change", at=saturday).answers()["off_hours"].rows[0].flags == (LATE,)


def _guess(story: TakeoverSteps, failures: int, *, ip: str = "203.0.113.7") -> TakeoverSteps:
    for minute in range(failures):
        story.row("admin_login_failure", at=NOON + timedelta(minutes=minute), ip=ip)
    return story.row("admin_login_success", at=NOON + timedelta(minutes=failures + 1), ip=ip)


@pytest.mark.parametrize(("failures", "told"), [(2, 0), (3, 1), (9, 1)])
def test_failures_then_success_counts_from_the_policys_number_on(
    story: TakeoverSteps, failures: int, told: int
) -> None:
    assert _guess(story, failures).answers()["failures_then_success"].count == told


def test_failures_of_somebody_else_or_of_yesterday_do_not_count(story: TakeoverSteps) -> None:
    for minute in range(5):
        story.row("admin_login_failure", at=NOON - timedelta(minutes=minute), who="bob")
        story.row("admin_login_failure", at=NOON - timedelta(days=1, minutes=minute))
    story.row("admin_login_success", at=NOON + timedelta(minutes=1))
    assert not story.answers()["failures_then_success"].count


def test_a_takeover_is_told_from_the_first_failure_on(story: TakeoverSteps) -> None:
    _guess(story, 4).row("bulk_export", at=NOON + timedelta(minutes=20), ip="203.0.113.7")
    kinds = [row.activity for row in story.answers()["takeover"].rows]
    assert kinds == [*["admin_login_failure"] * 4, "admin_login_success", "bulk_export"]


def test_a_guess_that_was_not_used_is_no_takeover(story: TakeoverSteps) -> None:
    assert not _guess(story, 4).answers()["takeover"].count


def test_mistyping_at_the_usual_place_is_no_takeover(story: TakeoverSteps) -> None:
    _guess(story, 4, ip="192.0.2.1").row("bulk_export", at=NOON + timedelta(minutes=20))
    answers = story.answers()
    assert not answers["takeover"].count
    assert answers["failures_then_success"].count == 1


def test_two_factor_that_is_switched_off_stands_out(story: TakeoverSteps) -> None:
    story.row("admin_two_factor_auth_change", text="Ann disabled two-factor authentication.")
    assert "switched off" in story.answers()["two_factor_changes"].rows[0].flags


def test_impersonation_without_a_consent_stands_out(story: TakeoverSteps) -> None:
    story.row("admin_impersonation_start")
    assert story.answers()["impersonation"].flagged == 1
    story.row("admin_impersonation_consent_approved", at=NOON - timedelta(days=4))
    assert story.answers()["impersonation"].flagged == 0


@pytest.mark.parametrize(("days", "flagged"), [(31, 1), (30, 1), (29, 0), (0, 0), (-1, 1)])
def test_a_consent_counts_for_thirty_days_and_not_before_it_was_given(
    story: TakeoverSteps, days: int, flagged: int
) -> None:
    story.row("admin_impersonation_consent_approved", at=NOON - timedelta(days=days))
    story.row("admin_impersonation_start")
    assert story.answers()["impersonation"].flagged == flagged


def test_silence_is_measured_to_the_next_action(story: TakeoverSteps) -> None:
    story.row("macro_update", who="bob", at=NOON - timedelta(days=120))
    story.row("macro_update", who="bob", at=NOON)
    found = story.answers(dormant_days=90)["dormant_active"]
    assert [row.actor for row in found.rows] == ["bob@example.com"]
    assert "silent for 120 days" in found.rows[0].detail
    assert not story.answers(dormant_days=121)["dormant_active"].count


def test_a_silence_ends_once_however_much_follows(story: TakeoverSteps) -> None:
    story.row("macro_update", who="bob", at=NOON - timedelta(days=95, hours=1))
    for minute in (0, 0, 1, 600):
        story.row("macro_update", who="bob", at=NOON + timedelta(minutes=minute))
    (row,) = story.answers(dormant_days=90)["dormant_active"].rows
    assert row.at == NOON


def test_of_somebody_who_is_gone_the_newest_action_is_told(story: TakeoverSteps) -> None:
    for hour in (3, 9, 6):
        story.row("macro_update", who="sam", at=NOON + timedelta(hours=hour))
    (row,) = story.answers()["departed_active"].rows
    assert row.at == NOON + timedelta(hours=9)


def test_somebody_who_is_no_teammate_any_more_is_told(story: TakeoverSteps) -> None:
    story.row("macro_update", who="sam", at=NOON)
    assert story.answers()["departed_active"].flagged == 0
    removal = NOON - timedelta(days=1)
    story.row("admin_deletion", at=removal, text="Ann removed sam@example.com.")
    assert story.answers()["departed_active"].rows[0].flags == ("after the account was removed",)


def test_a_day_of_many_times_the_usual_is_a_peak(story: TakeoverSteps) -> None:
    for minute in range(40):
        story.row("macro_update", at=NOON + timedelta(minutes=minute))
    (row,) = story.answers()["peaks"].rows
    assert "41 actions in a day; usually 1" in row.detail


def test_more_rows_than_are_shown_are_counted(story: TakeoverSteps) -> None:
    for minute in range(70):
        story.row("bulk_export", at=NOON + timedelta(minutes=minute))
    answer = story.answers()["exports"]
    assert (answer.count, len(answer.rows)) == (70, 50)


def test_unknown_kinds_are_shown(story: TakeoverSteps, tmp_path: Path) -> None:
    story.row("ai_inbox_translation_setting_change").answers()
    parameters = QuestionParameters(END - timedelta(days=30), END, (), {})
    with Partitions(tmp_path).reading() as files:
        summary, _ = ask(files, parameters)
    assert summary.unknown_types == ("ai_inbox_translation_setting_change",)


def test_no_file_answers_with_nothing() -> None:
    summary, answers = ask([], QuestionParameters(END - timedelta(days=30), END, (), {}))
    assert summary.rows == 0
    assert len(answers) == len(questions())


def test_a_damaged_file_is_a_clear_error(tmp_path: Path) -> None:
    damaged = tmp_path / "2026-02.parquet"
    damaged.write_bytes(b"nothing of the kind")
    with pytest.raises(StateError, match="damaged"):
        ask([damaged], QuestionParameters(END - timedelta(days=30), END, (), {}))


def test_hostile_text_stays_text(story: TakeoverSteps) -> None:
    story.row("bulk_export", text="'); DROP TABLE activity; --", who="o'neil; DROP")
    assert "DROP TABLE" in story.answers()["exports"].rows[0].detail


@pytest.mark.parametrize("question", questions(), ids=lambda q: q.name)
def test_a_question_says_what_it_asks_and_uses_the_variables_it_names(question: Any) -> None:
    import re

    used = set(re.findall(r"getvariable\('(\w+)'\)", question.sql)) - {"period_start"}
    if question.name != "off_hours":
        assert used == set(question.variables)
    assert question.asks.endswith("?")


def test_a_failed_log_in_is_no_activity_of_the_account(story: TakeoverSteps) -> None:
    story.row("macro_update", who="bob", at=NOON - timedelta(days=120))
    story.row("admin_login_failure", who="bob", at=NOON)
    story.row("admin_login_failure", who="sam", at=NOON)
    answers = story.answers(dormant_days=90)
    assert not answers["dormant_active"].count
    assert not {row.actor for row in answers["departed_active"].rows} & {"sam@example.com"}
    story.row("admin_login_success", who="bob", at=NOON + timedelta(minutes=1))
    (row,) = story.answers(dormant_days=90)["dormant_active"].rows
    assert row.activity == "admin_login_success"
