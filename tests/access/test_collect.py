"""What the activity log says of teammates."""

from __future__ import annotations

from helpers.access.collect import _known_events, _last_seen, _Log
from helpers.core.model import Known, Partial
from helpers.intercom.answers import Activity, ActivityActor


def test_a_failed_log_in_does_not_make_an_account_active() -> None:
    log = _Log()
    for kind, at in (("macro_update", 1_700_000_000), ("admin_login_failure", 1_770_000_000)):
        by = ActivityActor(id="7")
        log.add(Activity(id=kind, created_at=at, activity_type=kind, performed_by=by))
    ((who, seen),) = _last_seen(log)
    assert (who, seen.timestamp()) == ("7", 1_700_000_000)


def test_a_log_without_any_row_does_not_show_that_nothing_happened() -> None:
    empty = _known_events(Known(_Log()))
    assert isinstance(empty, Partial)
    assert "not even a log-in" in empty.reason
    log = _Log()
    log.add(Activity(id="1", created_at=1_700_000_000, activity_type="admin_login_success"))
    assert _known_events(Known(log)) == Known(())
