"""Does the receiver know Intercom's deliveries from forged ones, and does it outlive both?"""

from helpers.webhooks.checks.configuration import client_secret_is_set, receiver_uses_https
from helpers.webhooks.checks.service import (
    deliveries_are_answered_in_time,
    delivery_rules_are_met,
    replays_are_told_apart,
)
from helpers.webhooks.checks.verification import (
    answers_give_nothing_away,
    forgeries_are_refused,
    genuine_deliveries_are_accepted,
    malformed_requests_do_no_harm,
)

__all__ = [
    "answers_give_nothing_away",
    "client_secret_is_set",
    "deliveries_are_answered_in_time",
    "delivery_rules_are_met",
    "forgeries_are_refused",
    "genuine_deliveries_are_accepted",
    "malformed_requests_do_no_harm",
    "receiver_uses_https",
    "replays_are_told_apart",
]
