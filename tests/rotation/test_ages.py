"""Since when a key exists: the best witness counts, and a doubtful one is a lower bound."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from helpers.core.settings import Credential
from helpers.rotation.ages import CreationWindow, age_of, recorded
from helpers.rotation.ledger import LedgerEntry
from helpers.rotation.records import KnownBy, Regeneration
from helpers.rotation.transitions import Mode, State

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TOKEN = Credential("INTERCOM_ACCESS_TOKEN", "access_token", SecretStr("t" * 40), ".env")


def row(days: float, app: str = "", what: str = "app_package_token_regeneration") -> Regeneration:
    return Regeneration(
        id=str(days),
        at=NOW - timedelta(days=days),
        activity_type=what,
        by="ada@example.com",
        description=f"Ada regenerated the access token of {app}." if app else "",
        app="",
    )


def entry(**changes: Any) -> LedgerEntry:
    values: dict[str, Any] = {
        "id": "r",
        "variable": TOKEN.variable,
        "kind": TOKEN.kind,
        "mode": Mode.IN_PLACE,
        "compromised": False,
        "state": State.DONE,
        "stood_at": "",
        "reason": "",
        "store": "env",
        "actor": "ada",
        "old_fingerprint": "0" * 16,
        "new_fingerprint": TOKEN.fingerprint,
        "opened_at": "2026-02-01T09:00:00Z",
        "moved_at": "2026-02-01T10:00:00Z",
    }
    return LedgerEntry(**{**values, **changes})


def test_the_ledger_is_the_best_witness() -> None:
    age = age_of(TOKEN, [entry()], [row(50, "Sync")], NOW, app="Sync")
    assert (age.known_by, age.exact, age.days(NOW)) == (KnownBy.LEDGER, True, 29)


def test_an_aborted_rotation_is_no_witness() -> None:
    age = age_of(TOKEN, [entry(state=State.ABORTED)], [], NOW)
    assert age.known_by is KnownBy.FIRST_SEEN


def test_the_log_is_exact_for_the_app_that_the_policy_names() -> None:
    rows = [row(200, "Sync"), row(10, "Sync (development)"), row(3, "Other")]
    age = age_of(TOKEN, [], rows, NOW, app="Sync")
    assert (age.known_by, age.exact, age.days(NOW)) == (KnownBy.ACTIVITY_LOG, True, 200)


def test_the_log_is_exact_where_it_speaks_of_one_app() -> None:
    age = age_of(TOKEN, [], [row(200, "Sync"), row(10, "Sync")], NOW)
    assert (age.exact, age.days(NOW)) == (True, 10)


def test_rows_that_name_no_app_may_be_of_many() -> None:
    assert not age_of(TOKEN, [], [row(200), row(10)], NOW).exact


def test_of_several_apps_the_newest_row_is_a_lower_bound() -> None:
    age = age_of(TOKEN, [], [row(200, "Sync"), row(10, "Other")], NOW)
    assert (age.known_by, age.exact, age.days(NOW)) == (KnownBy.ACTIVITY_LOG, False, 10)


def test_a_row_after_the_key_was_first_seen_did_not_make_it() -> None:
    seen = NOW - timedelta(days=20)
    age = age_of(TOKEN, [], [row(10, "Sync")], seen, app="Sync")
    assert (age.known_by, age.exact, age.days(NOW)) == (KnownBy.FIRST_SEEN, False, 20)


def test_no_row_of_the_named_app_leaves_the_first_sight() -> None:
    assert age_of(TOKEN, [], [row(5, "Other")], NOW, app="Sync").known_by is KnownBy.FIRST_SEEN


def test_a_client_secret_has_no_rows() -> None:
    secret = Credential("INTERCOM_CLIENT_SECRET", "client_secret", SecretStr("s" * 40), ".env")
    assert age_of(secret, [], [row(5, "Sync")], NOW).known_by is KnownBy.FIRST_SEEN


def explains(
    opened: LedgerEntry, *rows: Regeneration, apps: dict[str, str] | None = None, staged: str = ""
) -> set[str]:
    window = CreationWindow(opened, staged)
    return set(recorded([window], rows, apps or {}, timedelta(days=7)))


def at(moment: datetime, app: str = "", number: str = "r") -> Regeneration:
    return row(0, app).model_copy(update={"at": moment, "id": number})


JUST = "2026-03-02T08:55:00Z"
APPS = {TOKEN.variable: "Sync", "INTERCOM_READ_TOKEN": "Reader"}


def test_a_rotation_explains_the_rows_of_its_own_time_alone() -> None:
    inside = at(datetime(2026, 2, 1, 9, 30, tzinfo=UTC))
    assert explains(entry(), inside) == {"r"}
    assert not explains(entry(), row(1))
    assert not explains(entry(kind="identity_secret"), inside)


def test_its_time_ends_when_the_new_key_is_staged_and_not_when_it_is_done() -> None:
    later = at(datetime(2026, 2, 3, 9, 30, tzinfo=UTC))
    slow = entry(moved_at="2026-02-06T09:00:00Z")
    assert explains(slow, later) == {"r"}, "never staged, as far as the ledger says"
    assert not explains(slow, later, staged="2026-02-01T09:40:00Z")


def test_a_rotation_that_stays_open_explains_a_week() -> None:
    planned = entry(state=State.PLANNED)
    opened = datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
    assert explains(planned, at(opened + timedelta(days=6)))
    assert not explains(planned, at(opened + timedelta(days=8)))


def test_a_rotation_in_place_explains_no_row_of_another_app() -> None:
    in_place = entry(state=State.PLANNED, opened_at=JUST)
    assert explains(in_place, row(0, "Sync"), apps=APPS)
    assert not explains(in_place, row(0, "Billing"), apps=APPS)
    assert not explains(in_place, row(0, "Reader"), apps=APPS)


def test_without_a_named_app_one_app_alone_is_explained() -> None:
    in_place = entry(state=State.PLANNED, opened_at=JUST)
    sync, billing = at(NOW, "Sync", "1"), at(NOW, "Billing", "2")
    assert explains(in_place, billing) == {"2"}
    assert explains(in_place, sync, at(NOW, "Sync", "3")) == {"1", "3"}
    assert not explains(in_place, sync, billing)
    assert not explains(in_place, billing, apps={"INTERCOM_READ_TOKEN": "Billing"})


def test_an_overlap_explains_one_new_app_and_not_the_old_one() -> None:
    overlap = entry(state=State.PLANNED, opened_at=JUST, mode=Mode.OVERLAP)
    assert explains(overlap, row(0, "Sync, second"), apps=APPS)
    assert not explains(overlap, row(0, "Sync"), apps=APPS)
    assert not explains(overlap, at(NOW, "Second", "1"), at(NOW, "Third", "2"), apps=APPS)
