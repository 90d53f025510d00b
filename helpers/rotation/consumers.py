"""What uses a key, and how it is known that it uses the new one.

A consumer reports the fingerprint of the key it holds: in a file, at a URL, or by a person who
attests it. "Deployed" is no confirmation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from helpers.core.errors import ConfigurationError

__all__ = ["Consumer", "reported"]

_FINGERPRINT: Final = re.compile(r"\b[0-9a-f]{16}\b")
_MOST: Final = 64 * 1024  # bytes of a report
_TIMEOUT: Final = 10.0  # seconds


@dataclass(frozen=True)
class Consumer:
    """Something that uses the key. `file` or `url` reports a fingerprint; with neither a person."""

    name: str
    file: str = ""
    url: str = ""

    @property
    def how(self) -> str:
        """How it confirms: file, url or attested."""
        return "file" if self.file else "url" if self.url else "attested"


def reported(consumer: Consumer) -> frozenset[str]:
    """The fingerprints that a consumer reports; none where it can't be read or says none."""
    text = _from_file(consumer.file) if consumer.file else _from_url(consumer.url)
    return frozenset(_FINGERPRINT.findall(text))


def _from_file(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return file.read(_MOST).decode("utf-8", "replace")
    except OSError:
        return ""


def _from_url(url: str) -> str:
    if not url:
        return ""
    import httpx

    from helpers.intercom.regions import is_loopback

    target = httpx.URL(url)
    if target.scheme != "https" and not is_loopback(target.host):
        raise ConfigurationError(
            f"The fingerprint of a consumer is asked at {target.host} by plain HTTP.",
            "Name an https address: otherwise anybody on the way could confirm in its place.",
        )
    try:
        with httpx.stream("GET", target, timeout=_TIMEOUT, follow_redirects=False) as answer:
            body = b"".join(islice(answer.iter_bytes(1024), 64))
            return body.decode("utf-8", "replace") if answer.is_success else ""
    except httpx.HTTPError:
        return ""
