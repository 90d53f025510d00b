"""Headers that are sent with each request, as a person writes them: NAME:VALUE."""

from __future__ import annotations

from helpers.core.errors import UsageError

__all__ = ["parse_headers"]


def parse_headers(lines: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Each line taken apart. Raises UsageError where one is none; it may hold a key of its own."""
    return tuple(_header(line) for line in lines)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    token = name.strip()
    plain = token.isascii() and token.replace("-", "").replace("_", "").isalnum()
    if not colon or not plain or not value.strip().isascii() or not value.strip().isprintable():
        raise UsageError(
            "A header is not NAME:VALUE in plain ASCII.", "Write it as 'X-Name: value'."
        )
    return token, value.strip()
