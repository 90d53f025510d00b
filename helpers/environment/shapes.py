"""What the value of each kind of secret should look like, and what it must not.

Sources: the access token's layout is inferred from public detectors and examples (base64 of
`tok:<uuid>:…`, 60 characters); no official page states it. A client secret has no documented
format, so only what is plainly wrong is refused. Identity secrets are 40 or 43 URL-safe characters.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from helpers.environment.records import Shape

__all__ = ["shape_of"]

_PLACEHOLDER: Final = re.compile(
    r"^[<\[{].*[>\]}]$|your[_-]|changeme|change_me|placeholder|example|dummy|^x{4,}$|^(.)\1{7,}$|"
    r"insert[_-]|not_a_real",
    re.IGNORECASE,
)
_FOREIGN: Final = re.compile(r"^(sk_(live|test)_|pk_|rk_|AKIA|ghp_|gho_|xox[abp]-|SG\.|Bearer\s)")
_UUID: Final = re.compile(r"[0-9a-f]{8}([_-][0-9a-f]{4}){3}[_-][0-9a-f]{12}")
_SHORTEST: Final = 16


def shape_of(kind: str, value: str) -> Shape:
    """Judge the form of a secret. The value itself goes no further."""
    if not value:
        return Shape.UNSET
    if _FOREIGN.search(value):
        return Shape.FOREIGN
    if _PLACEHOLDER.search(value) or _PLACEHOLDER.search(_decoded(value)):
        return Shape.PLACEHOLDER
    formed = _is_access_token(value) if kind == "access_token" else _is_secret(value)
    return Shape.WELL_FORMED if formed else Shape.MALFORMED


def _is_access_token(value: str) -> bool:
    decoded = _decoded(value)
    return decoded.startswith("tok:") and bool(_UUID.search(decoded))


def _is_secret(value: str) -> bool:
    return len(value) >= _SHORTEST and value.isascii() and value.isprintable() and " " not in value


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
