"""What is safe to write and to show: secrets redacted, and text from outside made visible.

The redactor stands between everything that is written and the disk. It knows the registered
secrets in every form in which they are printed (plain, JSON-, HTML- and URL-escaped, base64, hex,
with terminal colours between the characters). It also recognises anything shaped like an Intercom
access token, registered or not. `[redacted access_token 1f3a…]` takes their place: the fingerprint
names the secret without revealing it.

This module imports nothing heavy: a commit waits for it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import quote

__all__ = ["Redactor", "fingerprint", "redact_kernel", "sanitize"]

_TOKEN: Final = re.compile(r"dG9r[A-Za-z0-9_-]{40,120}={0,2}")
_ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_SHORTEST: Final = 8  # shorter values would redact ordinary words
# Control characters, bidirectional controls (Trojan Source, CVE-2021-42574), invisible formats
# and tags, line and paragraph separators. The joiners U+200C and U+200D stay: scripts need them.
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)


def fingerprint(kind: str, value: str) -> str:
    """Name a secret without revealing it: 16 hex characters of a domain-separated SHA-256.

    Unkeyed on purpose: the secrets carry 122 random bits or more, and the same secret must have
    the same fingerprint on every machine. Not for values of low entropy such as e-mail addresses.
    """
    material = b"\0".join((b"runbook/fp/v1", kind.encode(), value.encode("utf-8", "surrogatepass")))
    return hashlib.sha256(material).hexdigest()[:16]


class Redactor:
    """Replaces registered secrets, and what looks like a token, wherever text goes out."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}
        self._compiled: re.Pattern[str] | None = _TOKEN

    def register(self, kind: str, value: str) -> None:
        """Make a secret known. Values shorter than 8 characters are refused (ValueError)."""
        if len(value) < _SHORTEST:
            raise ValueError(f"A {kind} of under {_SHORTEST} characters can't be redacted safely.")
        label = f"[redacted {kind} {fingerprint(kind, value)[:8]}]"
        for form in _forms(value):
            self._labels.setdefault(form, label)
        self._compiled = None

    @property
    def _pattern(self) -> re.Pattern[str]:
        """Compiled on first use: secrets are registered by the dozen, and each changes it."""
        compiled = self._compiled
        if compiled is None:
            longest_first = sorted(self._labels, key=len, reverse=True)
            alternatives = "|".join(map(re.escape, longest_first))
            compiled = self._compiled = re.compile(f"{alternatives}|{_TOKEN.pattern}")
        return compiled

    def text(self, text: str) -> str:
        """The text without secrets."""
        if "\x1b" in text:
            plain = _ANSI.sub("", text)
            if self._pattern.search(plain) and not self._pattern.search(text):
                text = plain  # colours stood between the characters: lose them rather than leak
        return self._pattern.sub(self._label, text)

    def data(self, value: Any) -> Any:
        """The same for JSON-like data: keys and values, nested; bytes become redacted bytes."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return self.text(value.decode("utf-8", "surrogateescape")).encode(
                "utf-8", "surrogateescape"
            )
        if isinstance(value, dict):
            return {self.data(key): self.data(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self.data(item) for item in value)
        return value

    def leaks(self, content: bytes) -> Iterator[str]:
        """The labels of the registered secrets that stand in a file's bytes, in any known form."""
        text = content.decode("utf-8", "surrogateescape")
        seen = {label for form, label in self._labels.items() if form in text}
        yield from sorted(seen)

    def _label(self, match: re.Match[str]) -> str:
        return self._labels.get(match[0]) or f"[redacted access_token {_short(match[0])}]"


def _short(token: str) -> str:
    return fingerprint("access_token", token)[:8]


def _forms(value: str) -> Iterator[str]:
    """The forms in which a secret gets printed."""
    raw = value.encode("utf-8", "surrogatepass")
    yield value
    yield json.dumps(value)[1:-1]
    yield repr(value)[1:-1]
    yield html.escape(value)
    yield quote(value, safe="")
    yield value.replace("=", "\\u003d")
    yield raw.hex()
    yield raw.hex().upper()
    yield from _base64_cores(raw)


def _base64_cores(raw: bytes) -> Iterator[str]:
    """The part of the base64 that does not depend on what surrounds the secret."""
    for shift in range(3):
        padded = b"\0" * shift + raw
        whole = len(padded) // 3 * 3
        core = base64.b64encode(padded[:whole]).decode()[4 if shift else 0 :]
        yield core
        yield core.replace("+", "-").replace("/", "_")


def redact_kernel(redactor: Redactor) -> Callable[[], None]:
    """Put the redactor between this kernel and its clients; the answer undoes it.

    Wraps the kernel session's serialisation, through which every output, error and widget message
    passes. Outside a kernel nothing happens.
    """
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    session = getattr(getattr(shell, "kernel", None), "session", None)
    if session is None:
        return lambda: None
    original = session.serialize

    def serialize(msg: dict[str, Any], ident: Any = None) -> Any:
        return original({**msg, "content": redactor.data(msg.get("content", {}))}, ident)

    session.serialize = serialize
    return lambda: setattr(session, "serialize", original)


def sanitize(text: str) -> str:
    """The text on one line, with what can't be seen or would rearrange it spelled out."""
    return _UNSEEN.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    character = match[0]
    if character in "\n\r\t":
        return " "
    code = ord(character)
    if unicodedata.category(character) == "Cc":
        return f"\\x{code:02x}"
    return f"\\u{code:04x}"
