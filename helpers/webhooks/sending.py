"""One signed delivery to a receiver: a sample of a topic, or the replay of a saved one."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from typing import Final

from helpers.core.errors import UsageError
from helpers.webhooks.delivery import ReceivedDelivery
from helpers.webhooks.request_builder import TOPIC, ReceiverRequest, RequestBuilder
from helpers.webhooks.samples import TOPICS, compact, notification
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import Target
from helpers.webhooks.wire import ReceiverResponse, send

__all__ = ["deliver", "replay_request", "sample_request"]

_SENDABLE: Final = re.compile(r"[\t -~\x80-\xff]*")  # in a header: RFC 9110, section 5.5
_PING: Final = "ping"  # the one topic whose deliveries have no id


def sample_request(builder: RequestBuilder, topic: str = "") -> ReceiverRequest:
    """A delivery as Intercom sends it. Only the webhook scheme has topics.

    Raises UsageError for an unknown topic, or one for a scheme without topics.
    """
    if builder.scheme is not WEBHOOK:
        if topic:
            raise UsageError(
                f"{builder.scheme.title} requests have no topic.",
                "Omit --topic, or choose --scheme webhook.",
            )
        return builder.genuine(secrets.token_hex(6))
    chosen = topic or TOPIC
    if chosen not in TOPICS:
        raise UsageError(
            f"There is no sample of the topic {chosen!r}.", "`runbook webhook topics` lists them."
        )
    identifier = None if chosen == _PING else builder.identifier(secrets.token_hex(12))
    document = notification(
        chosen, app_id=builder.app_id, identifier=identifier, sent_at=builder.sent_at
    )
    return replace(builder.genuine(chosen, compact(document)), notification=identifier or "")


def replay_request(
    builder: RequestBuilder, delivery: ReceivedDelivery, *, as_signed: bool = False
) -> ReceiverRequest:
    """Replay a saved delivery byte for byte: signed again, or `as_signed` when it arrived.

    Raises UsageError for `as_signed` without a saved signature, or if
    the saved headers can't be sent.
    """
    kind = delivery.value("content-type") or "application/json"
    values = delivery.values(builder.scheme.header)
    if not all(map(_SENDABLE.fullmatch, (kind, *values))):
        raise UsageError(
            "A header that was saved with this delivery can't be part of a request.",
            "Replay its .body from a folder without the .json.",
        )
    request = replace(builder.genuine("replay", delivery.body), content_type=kind, notification="")
    if not as_signed:
        return request
    if not values:
        raise UsageError(
            f"No {builder.scheme.header} was saved with this delivery.",
            "Omit --as-signed to sign it with your secret.",
        )
    return replace(request, signatures=tuple(builder.literal(value) for value in values))


def deliver(
    request: ReceiverRequest, target: Target, *, consent: bool, timeout: float = 8.0
) -> ReceiverResponse:
    """Send it. Raises UsageError without consent if the receiver is not on loopback."""
    if not target.loopback and not consent:
        raise UsageError(
            "The receiver is not on this machine: the delivery will look genuine to it.",
            "Confirm that you may send it: --consent.",
        )
    return send(request, target, timeout=timeout)
