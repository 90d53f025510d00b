"""Compare what a store holds by fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.core.model import fingerprint
from helpers.rotation.stores.base import ConflictError

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["expect", "matches"]


def matches(kind: str, value: SecretStr | None, expected: str) -> bool:
    """Whether a value is there and has this fingerprint."""
    return value is not None and fingerprint(kind, value.get_secret_value()) == expected


def expect(kind: str, value: SecretStr | None, expected: str, where: str) -> SecretStr:
    """The value, which must have this fingerprint. Raises ConflictError."""
    if value is None or not matches(kind, value, expected):
        raise ConflictError(
            f"{where} does not hold the value with fingerprint {expected} where it was expected.",
            "Someone else changed it: look who, before going on.",
        )
    return value
