"""What the activity log says of teammates."""

from __future__ import annotations

from helpers.access.collect import _last_seen, _Log
from helpers.intercom.answers import Activity, ActivityActor


def test_a_failed_log_in_does_not_make_an_account_active() -> None:
    log = _Log()
    for kind, at in (("macro_update", 1_700_000_000), ("admin_login_failure", 1_770_000_000)):
        by = ActivityActor(id="7")
        log.add(Activity(id=kind, created_at=at, activity_type=kind, performed_by=by))
    ((who, seen),) = _last_seen(log)
    assert (who, seen.timestamp()) == ("7", 1_700_000_000)
