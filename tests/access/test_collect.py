"""What the activity log says of teammates."""

from __future__ import annotations

from helpers.access.collect import _last_seen


def test_a_failed_log_in_does_not_make_an_account_active() -> None:
    by = {"performed_by": {"id": "7"}}
    log = (
        by | {"activity_type": "macro_update", "created_at": 1_700_000_000},
        by | {"activity_type": "admin_login_failure", "created_at": 1_770_000_000},
    )
    ((who, at),) = _last_seen(log)
    assert (who, at.timestamp()) == ("7", 1_700_000_000)
