"""Since when a key exists: the best witness counts, and a doubtful one is a lower bound."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from helpers.core.settings import Credential
from helpers.rotation.ages import age_of, recorded_by
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


def test_a_rotation_explains_the_rows_of_its_own_time_alone() -> None:
    inside = Regeneration(**{**row(0).model_dump(), "at": datetime(2026, 2, 1, 9, 30, tzinfo=UTC)})
    assert recorded_by([entry()], inside, {})
    assert not recorded_by([entry()], row(1), {})
    assert not recorded_by([entry(kind="identity_secret")], inside, {})


def test_an_open_rotation_explains_what_comes() -> None:
    assert recorded_by([entry(state=State.PLANNED)], row(0), {})


def test_a_rotation_in_place_explains_no_row_of_another_app() -> None:
    apps = {TOKEN.variable: "Sync"}
    in_place = entry(state=State.PLANNED, opened_at="2026-03-02T08:55:00Z")
    overlap = entry(state=State.PLANNED, opened_at="2026-03-02T08:55:00Z", mode=Mode.OVERLAP)
    assert recorded_by([in_place], row(0, "Sync"), apps)
    assert not recorded_by([in_place], row(0, "Billing"), apps)
    assert recorded_by([in_place], row(0, "Billing"), {}), "where the policy names no app"
    assert recorded_by([overlap], row(0, "Sync, second"), apps)
