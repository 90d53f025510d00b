"""One signed delivery to a receiver: a sample of a topic, or a saved one again."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from typing import Final

from helpers.core.errors import UsageError
from helpers.webhooks.delivery import Delivery
from helpers.webhooks.request_builder import TOPIC, Forge, Probe
from helpers.webhooks.samples import TOPICS, compact, notification
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import Target
from helpers.webhooks.wire import Answer, send

__all__ = ["deliver", "of_topic", "replayed"]

_SENDABLE: Final = re.compile(r"[\t -~\x80-\xff]*")  # of a header: RFC 9110, section 5.5
_PING: Final = "ping"  # the one topic whose deliveries have no id


def of_topic(forge: Forge, topic: str = "") -> Probe:
    """A delivery as Intercom makes it. Topics are the webhook scheme's; the others have none.

    Raises UsageError for a topic that is not known, or not of this scheme.
    """
    if forge.scheme is not WEBHOOK:
        if topic:
            raise UsageError(
                f"{forge.scheme.title} requests have no topic.", "Leave --topic out, or the scheme."
            )
        return forge.genuine(secrets.token_hex(6))
    chosen = topic or TOPIC
    if chosen not in TOPICS:
        raise UsageError(
            f"There is no sample of the topic {chosen!r}.", "`runbook webhook topics` lists them."
        )
    identifier = None if chosen == _PING else forge.identifier(secrets.token_hex(12))
    document = notification(
        chosen, app_id=forge.app_id, identifier=identifier, sent_at=forge.sent_at
    )
    return replace(forge.genuine(chosen, compact(document)), notification=identifier or "")


def replayed(forge: Forge, delivery: Delivery, *, as_signed: bool = False) -> Probe:
    """A saved delivery again, byte for byte: signed anew, or `as_signed` when it arrived.

    Raises UsageError where it is to go as it was signed, and no signature was saved, or where
    what was saved can't be sent.
    """
    kind = delivery.value("content-type") or "application/json"
    values = delivery.values(forge.scheme.header)
    if not all(map(_SENDABLE.fullmatch, (kind, *values))):
        raise UsageError(
            "A header that was saved with this delivery can't have stood in a request.",
            "Replay its .body, moved to where no .json stands beside it.",
        )
    probe = replace(forge.genuine("replay", delivery.body), content_type=kind, notification="")
    if not as_signed:
        return probe
    if not values:
        raise UsageError(
            f"No {forge.scheme.header} was saved with this delivery.",
            "Leave --as-signed out: it is then signed with your secret.",
        )
    return replace(probe, marks=tuple(forge.literal(value) for value in values))


def deliver(probe: Probe, target: Target, *, consent: bool, timeout: float = 8.0) -> Answer:
    """Send it. Raises UsageError without consent where the receiver is not on loopback."""
    if not target.loopback and not consent:
        raise UsageError(
            "The receiver is not on this machine: what arrives there looks genuine to it.",
            "Say that you may send it: --consent.",
        )
    return send(probe, target, timeout=timeout)
