"""Is what happens recorded, kept, reviewed, and is there anything in it to act on?"""

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
)
from helpers.auditlog.checks.log import (
    audit_logging_is_on,
    log_has_no_gap,
    log_is_intact,
    log_is_kept,
    log_is_mirrored,
)
from helpers.auditlog.checks.review import period_is_reviewed

__all__ = [
    "account_taken_over",
    "apps_and_webhooks",
    "audit_logging_is_on",
    "data_taken_out",
    "departed_or_dormant",
    "impersonation",
    "log_has_no_gap",
    "log_is_intact",
    "log_is_kept",
    "log_is_mirrored",
    "new_addresses",
    "off_hours",
    "peaks",
    "period_is_reviewed",
    "permissions",
    "repeated_failures",
    "sign_in_settings",
    "tokens_and_secrets",
    "two_factor",
]
