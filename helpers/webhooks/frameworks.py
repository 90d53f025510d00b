"""Detect a receiver's framework from its responses, and how to write the check in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from helpers.webhooks.wire import ReceiverResponse

__all__ = ["advice", "detect_framework"]

# (framework, header, what it holds): any server can write these headers, so they are only a hint
_HEADERS: Final = (
    ("Express", "x-powered-by", "express"),
    ("Next.js", "x-powered-by", "next.js"),
    ("PHP", "x-powered-by", "php"),
    ("ASP.NET", "x-powered-by", "asp.net"),
    ("Flask", "server", "werkzeug"),
    ("Django", "server", "wsgiserver"),
    ("FastAPI or Starlette", "server", "uvicorn"),
    ("FastAPI or Starlette", "server", "hypercorn"),
    ("Rails", "server", "puma"),
    ("Rails", "x-runtime", "."),
    ("http.server", "server", "basehttp"),
    ("AWS Lambda", "x-amzn-requestid", ""),
    ("AWS Lambda", "x-amzn-trace-id", ""),
)
_BODIES: Final = (
    ("Express", b"<pre>Cannot "),
    ("Flask", b"<!doctype html>\n<html lang=en>\n<title>"),
    ("FastAPI or Starlette", b'{"detail":'),
    ("Django", b"<h1>Server Error (500)</h1>"),
    ("Rails", b"Action Controller: Exception"),
)
_BYTES: Final = re.compile("A0[1-69]|R05|R2[236789]|E0[345689]|E11")  # about raw bytes
_LENGTHS: Final = re.compile("R0[239]|R1[017]|R3[13]|E0[12]")  # about the header's form
_NODE: Final = frozenset({"Express", "Next.js"})
_SAME_LENGTH: Final = (
    "crypto.timingSafeEqual throws where lengths differ: match /^sha1=[0-9a-f]{40}$/ first."
)
_ADVICE: Final = {
    "Express": (
        (
            "Express: mount express.raw({type: () => true, limit: '1mb'}) on the webhook's route, "
            "before express.json(), and verify req.body, which is then a Buffer."
        ),
    ),
    "Next.js": (
        (
            "Next.js: set `export const config = {api: {bodyParser: false}}` (pages) or read "
            "`await request.arrayBuffer()` (app), and verify those bytes."
        ),
    ),
    "Flask": (
        (
            "Flask: verify request.get_data(cache=True), before request.json or request.form; "
            "helpers/webhooks/signatures.py does it."
        ),
    ),
    "Django": (
        (
            "Django: verify request.body in a csrf_exempt view, before request.POST is touched; "
            "helpers/webhooks/signatures.py does it."
        ),
    ),
    "FastAPI or Starlette": (
        (
            "FastAPI: take `request: Request` and verify `await request.body()`; a pydantic "
            "parameter is parsed before your code runs, and answers 422 or 500 by itself."
        ),
        "helpers/webhooks/signatures.py does it.",
    ),
    "Rails": (
        (
            "Rails: verify request.raw_post in a before_action, with "
            "ActiveSupport::SecurityUtils.secure_compare, and skip the forgery protection there."
        ),
    ),
    "PHP": ("PHP: verify file_get_contents('php://input') with hash_equals().",),
    "AWS Lambda": (
        (
            "AWS Lambda: decode event['body'] where event['isBase64Encoded'], and verify those "
            "bytes; helpers/webhooks/signatures.py does it."
        ),
    ),
}


def detect_framework(responses: Iterable[ReceiverResponse]) -> str:
    """The framework that these responses suggest, or an empty text. A hint, not proof."""
    for response in responses:
        headers = dict(reversed(response.headers))  # the first of equal names counts
        for name, header, part in _HEADERS:
            value = headers.get(header, "").lower()
            if value and part in value:
                return name
        for name, beginning in _BODIES:
            if response.body.startswith(beginning) or (
                beginning.startswith(b"<") and beginning in response.body
            ):
                return name
    return ""


def advice(framework: str, case_id: str, *, broke: bool = False) -> tuple[str, ...]:
    """How to write the check in that framework, where it bears on this case; empty if unknown.

    `broke`: the request caused an error.
    """
    lengths = (_SAME_LENGTH,) if framework in _NODE and broke and _LENGTHS.match(case_id) else ()
    return (_ADVICE.get(framework, ()) if _BYTES.match(case_id) else ()) + lengths
