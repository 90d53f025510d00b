"""What a signature header claims, read as kindly as can be: to explain it, never to accept it."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Final

from helpers.webhooks.signatures import Scheme

__all__ = ["Claim", "read_claim"]

_ALGORITHMS: Final = {16: "md5", 20: "sha1", 32: "sha256", 64: "sha512"}  # by bytes of a digest
_PREFIX: Final = re.compile(
    r"(?:hmac-)?(md5|sha-?1|sha-?256|sha-?512|v\d+)\s*[=:]\s*", re.IGNORECASE
)
_HEX: Final = re.compile(r"[0-9a-fA-F]+")


@dataclass(frozen=True)
class Claim:
    """A digest, the algorithm that makes one as long, and in words how it differs in writing."""

    digest: bytes = field(repr=False)
    algorithm: str
    oddity: str = ""


def read_claim(value: str, scheme: Scheme) -> Claim:
    """Take a value apart. The algorithm is empty where the length fits none."""
    text = value.strip(" \t\"'")
    prefix = _PREFIX.match(text)
    digits = text[prefix.end() :] if prefix else text
    digest = _digest(digits)
    algorithm = _ALGORITHMS.get(len(digest), "")
    return Claim(digest, algorithm, _oddity(value, text, digits, algorithm, scheme))


def _digest(digits: str) -> bytes:
    if _HEX.fullmatch(digits):
        return bytes.fromhex(digits[: len(digits) // 2 * 2])
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return b""


def _oddity(value: str, text: str, digits: str, algorithm: str, scheme: Scheme) -> str:
    if value != text:
        return "with quotes or spaces around it"
    if not _HEX.fullmatch(digits):
        return "as base64"
    if digits != digits.lower():
        return "in capitals"
    written = text[: len(text) - len(digits)]
    if algorithm == scheme.algorithm and written != scheme.prefix:
        return "without the prefix" if not written else f"with the prefix `{written}`"
    return ""
