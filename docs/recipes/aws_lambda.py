"""Intercom's webhooks in AWS Lambda. Copy helpers/webhooks/signatures.py beside this file.

For REST and HTTP APIs, function URLs and load balancers. Let the gateway hand bodies over as
base64 (REST API: binaryMediaTypes `*/*`): as text, bytes that are not UTF-8 are lost.
"""

import base64
import json
import os
from typing import Any

from signatures import WEBHOOK, Verifier

verifier = Verifier(os.environ["INTERCOM_CLIENT_SECRET"])  # Verifier(new, old) during a rotation


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Verify the raw body, then parse it, then answer at once."""
    method = event.get("httpMethod") or event["requestContext"]["http"]["method"]
    if method != "POST":
        return answer(200 if method == "HEAD" else 405)
    body = raw_body(event)
    verdict = verifier.verify(body, header_values(event, WEBHOOK.header))
    if not verdict:
        return answer(401, verdict.reason)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return answer(400, "no JSON")
    if not isinstance(document, dict):
        return answer(400, "no object")
    act_upon(document)
    return answer(200, "ok")


def raw_body(event: dict[str, Any]) -> bytes:
    """The bytes as they reached the gateway."""
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


def header_values(event: dict[str, Any], name: str) -> list[str]:
    """Every value of a header: some events list them, and the names come in any case."""
    listed = event.get("multiValueHeaders")
    if not listed:
        listed = {key: [value] for key, value in (event.get("headers") or {}).items()}
    return [
        value for key, values in listed.items() if key.lower() == name.lower() for value in values
    ]


def answer(status: int, text: str = "") -> dict[str, Any]:
    """A response in the form that a gateway expects."""
    return {"statusCode": status, "headers": {"Content-Type": "text/plain"}, "body": text}


def act_upon(document: dict[str, object]) -> None:
    """Put it on a queue: Intercom waits 5 s. Act once on an `id`, and on your own `app_id`."""
