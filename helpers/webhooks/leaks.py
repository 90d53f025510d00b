"""What a response reveals: the valid signature, the secret, or details of the code."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from helpers.core.model import Severity
from helpers.webhooks.request_builder import ReceiverRequest, RequestBuilder
from helpers.webhooks.variants import BODIES, variants_of
from helpers.webhooks.wire import ReceiverResponse

__all__ = ["ResponseLeak", "find_leaks"]

# No repetition is unbounded: the text is hostile, and may be one line of 256 KB.
_TRACES: Final = (
    (
        "a Python traceback",
        re.compile(r"Traceback \(most recent call last\)|File \"[^\"]{1,300}\", line"),
    ),
    ("a Node stack trace", re.compile(r"\bat [^\n<]{0,200}\([^()\n]*\.[cm]?[jt]s:\d+:\d+\)")),
    (
        "a Node stack trace",
        re.compile(r"\bat (?:async )?(?:file://)?/[^\s()]{0,300}\.[cm]?js:\d+:\d+"),
    ),
    ("a Ruby backtrace", re.compile(r"\.rb:\d+:in [`']")),
    ("a Java stack trace", re.compile(r"\bat [\w.$]{1,200}\([A-Z]\w{0,100}\.java:\d+\)")),
    ("a Go stack trace", re.compile(r"\bgoroutine \d+ \[running\]")),
    ("a PHP error", re.compile(r"\b(?:Fatal error|Warning|Uncaught)\b[^\n]{1,300}\bon line\b")),
    ("a .NET stack trace", re.compile(r"\bat [\w.`<>]{1,200}\([^\n]{0,300}\.cs:line \d+")),
    ("a debugger", re.compile(r"Werkzeug Debugger|__debugger__|DEBUG = True|Rails\.root")),
)
_LONG: Final = re.compile(r"[0-9A-Za-z+/_-]{22,}")  # the shortest digest here: MD5 in base64
_HEX: Final = re.compile(r"[0-9a-f]{32,}")
_SHORT: Final = 65_536  # bytes of a body
_ALGORITHMS: Final = ("sha1", "sha256", "md5", "sha512")
_ALL: Final = "Anyone who reads the response has the secret and can sign anything."
_SIGNATURE: Final = "Anyone who can read the response can sign: forge, read it, send again."
_TRACE: Final = "Strangers see how the code works and where it breaks."


@dataclass(frozen=True)
class ResponseLeak:
    """What was revealed, and what that means. Never the value itself."""

    what: str
    severity: Severity
    means: str


def find_leaks(
    builder: RequestBuilder, request: ReceiverRequest, response: ReceiverResponse
) -> tuple[ResponseLeak, ...]:
    """Everything that this response reveals to the sender of this request."""
    names = "\n".join(f"{key}: {value}" for key, value in response.headers)
    text = names + "\n" + response.body.decode("utf-8", "replace")
    found = []
    if any(form in text for form in _secret_forms(builder)):
        found.append(ResponseLeak("the secret", Severity.CRITICAL, _ALL))
    if _reveals_signature(builder, request, text):
        found.append(ResponseLeak("the right signature", Severity.CRITICAL, _SIGNATURE))
    traces = dict.fromkeys(what for what, pattern in _TRACES if pattern.search(text))
    return (*found, *(ResponseLeak(what, Severity.MEDIUM, _TRACE) for what in traces))


def _reveals_signature(builder: RequestBuilder, request: ReceiverRequest, text: str) -> bool:
    """True if the response contains a valid signature that was not in the request.

    Any digest of the body under the secret counts, whatever its algorithm and notation. A receiver
    that signs an altered body reveals the signature of that body: anyone can then send that body.
    """
    words = " ".join(_LONG.findall(text))
    digits, sent = " ".join(_HEX.findall(words.lower())), _sent(request)
    if not words:
        return False
    bodies = [body for _, body in variants_of(request.body, BODIES)] if _is_short(request) else []
    for body in bodies or [request.body]:
        for algorithm in _ALGORITHMS:
            digest = builder.digest(body, algorithm=algorithm)
            if digest in sent.lower():
                continue
            if digest in digits:
                return True
            if any(form in words and form not in sent for form in _base64_forms(digest)):
                return True
    return False


def _is_short(request: ReceiverRequest) -> bool:
    """True if altered forms of the body can be signed without a noticeable delay."""
    return len(request.body) <= _SHORT


def _sent(request: ReceiverRequest) -> str:
    """Every header and parameter of the request: a value that is echoed is no leak."""
    values = [signature.value for signature in request.all_signatures]
    values += [value.encode("latin-1") for _, value in request.extra]
    return b"\n".join(values).decode("latin-1")


def _base64_forms(digest: str) -> tuple[str, str]:
    raw = bytes.fromhex(digest)
    return (
        base64.b64encode(raw).decode().rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    )


@lru_cache(maxsize=1)  # one run asks for each response
def _secret_forms(builder: RequestBuilder) -> tuple[str, ...]:
    """The secrets in the forms a response may contain; short ones would match everywhere."""
    keys = (builder.key, builder.previous.key if builder.previous else b"")
    return tuple(form for key in keys if len(key) >= 8 for form in _forms(key))  # noqa: PLR2004 (as the redactor has it)


def _forms(key: bytes) -> tuple[str, ...]:
    plain = key.decode("utf-8", "replace")
    encoded = (base64.b64encode(key), base64.urlsafe_b64encode(key))
    return (
        plain,
        quote(key, safe=""),
        json.dumps(plain)[1:-1],
        key.hex(),
        key.hex().upper(),
        *(form.decode().rstrip("=") for form in encoded),
    )
