"""The secrets in use, looked for by their bytes: wherever they lie, whatever stands beside them.

They become rules of the engine in a file without a name, in memory where the system can: a rule on
disk would be one more place where they lie. So encoded ones (base64, UTF-16) are found as well.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from helpers.exposure.shapes import canonical, varied

if TYPE_CHECKING:
    from helpers.core.settings import Credential

__all__ = ["CONFIGURED", "in_memory", "searchable"]

CONFIGURED: Final = "configured."
_SHORTEST: Final = 16  # characters; shorter ones stand in texts by chance


def searchable(credentials: Collection[Credential]) -> list[Credential]:
    """Those to look for: long and random enough, and no token, which is known by its shape."""
    return [one for one in credentials if _searchable(one)]


def _searchable(one: Credential) -> bool:
    value = one.value.get_secret_value()
    token = one.kind == "access_token" and canonical(one.kind, value)
    return not token and len(value) >= _SHORTEST and value.isascii() and varied(value)


@contextmanager
def in_memory(credentials: Collection[Credential]) -> Iterator[list[str]]:
    """The path of their rules, while it lasts; none where there is nothing to look for."""
    if not credentials:
        yield []
        return
    rules = "".join(_rule(number, one) for number, one in enumerate(credentials))
    with _nameless() as descriptor:
        os.write(descriptor, f"rules:\n{rules}".encode())
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield [f"/dev/fd/{descriptor}"]


def _rule(number: int, one: Credential) -> str:
    pattern = "".join(f"\\x{byte:02x}" for byte in one.value.get_secret_value().encode())
    return (
        f"  - name: secret in {one.variable}\n    id: {CONFIGURED}{one.kind}.{number}\n"
        f"    pattern: '({pattern})'\n    min_entropy: 0.0\n    confidence: high\n"
    )


@contextmanager
def _nameless() -> Iterator[int]:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("rules")
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    else:  # pragma: no cover (no Linux)
        with tempfile.TemporaryFile() as file:
            yield file.fileno()
