"""What an answer gives away: the right signature, the secret, or the inside of the code."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.request_builder import Forge, Probe
from helpers.webhooks.variants import BODIES, variants_of
from helpers.webhooks.wire import Answer

__all__ = ["Leak", "find_leaks"]

# No repetition is unbounded: the text is a stranger's, and may be one line of 256 KB.
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
_HEX: Final = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{40}|[0-9a-f]{64})(?![0-9a-f])")
_ALL: Final = "Whoever reads the answer has the secret, and can sign whatever they like."
_SIGNATURE: Final = "Whoever can read the answer can sign: forge, read the right value, send again."
_TRACE: Final = "Strangers are shown how the code works and where it breaks."


@dataclass(frozen=True)
class Leak:
    """What was given away, and what that means. Never the value itself."""

    what: str
    severity: Severity
    means: str


def find_leaks(forge: Forge, probe: Probe, answer: Answer) -> tuple[Leak, ...]:
    """Everything that this answer gives away to whoever sent this request."""
    names = "\n".join(f"{key}: {value}" for key, value in answer.headers)
    text = names + "\n" + answer.body.decode("utf-8", "replace")
    found = []
    if any(form in text for form in _secret_forms(forge)):
        found.append(Leak("the secret", Severity.CRITICAL, _ALL))
    if _tells_signature(forge, probe, text):
        found.append(Leak("the right signature", Severity.CRITICAL, _SIGNATURE))
    traces = dict.fromkeys(what for what, pattern in _TRACES if pattern.search(text))
    return (*found, *(Leak(what, Severity.MEDIUM, _TRACE) for what in traces))


def _tells_signature(forge: Forge, probe: Probe, text: str) -> bool:
    """True where the right signature of these bytes stands in it, and was not in the request.

    Where the receiver signs what it made of the body, it tells the signature of that: who sends
    that next is let in.
    """
    sent = b"\n".join(mark.value for mark in probe.all_marks).decode("latin-1").lower()
    digest = forge.digest(probe.body)
    if base64.b64encode(bytes.fromhex(digest)).decode() in text and digest not in sent:
        return True
    told = {found for found in _HEX.findall(text.lower()) if found not in sent}
    return bool(told) and any(
        forge.digest(body) in told for _, body in variants_of(probe.body, BODIES)
    )


def _secret_forms(forge: Forge) -> tuple[str, ...]:
    """The secrets as they may stand in an answer; too short a one would be found everywhere."""
    keys = (forge.key, forge.previous.key if forge.previous else b"")
    return tuple(
        form
        for key in keys
        if len(key) >= 8  # noqa: PLR2004 (as the redactor has it)
        for form in (key.decode("utf-8", "replace"), key.hex(), base64.b64encode(key).decode())
    )
