"""The policy section that allows what the code uses, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from helpers.intercom.records import Use
from helpers.intercom.scopes import catalog, label_of

__all__ = ["section"]


def section(profile: str, uses: Iterable[Use]) -> str:
    """TOML for policy.toml: a line for each scope, with its check box and a place that needs it."""
    return "\n".join(_lines(profile, tuple(uses))) + "\n"


def _lines(profile: str, uses: tuple[Use, ...]) -> Iterator[str]:
    yield f"[profiles.{profile}.scopes]"
    yield "allowed = ["
    for scope in (key for key in catalog() if any(use.scope == key for use in uses)):
        first = next(use for use in uses if use.scope == scope)
        place = f"{first.path}:{first.line}" if first.line else first.path
        yield f'  "{scope}",  # {label_of(scope)}: {first.call}, {_plain(place)}'
    yield "]"


def _plain(text: str) -> str:
    """A path that can't leave the comment it stands in."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
