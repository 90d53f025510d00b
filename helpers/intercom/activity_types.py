"""The kinds of event in Intercom's activity log: an open set, but not one without any meaning."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files

__all__ = ["activity_types", "strange_types"]


@cache
def activity_types() -> frozenset[str]:
    """The types in Intercom's API description 2.16. Others occur."""
    path = files("helpers.intercom").joinpath("data", "activity_types.txt")
    return frozenset(path.read_text("ascii").split())


def strange_types(counts: Mapping[str, int], expected: Collection[str]) -> str:
    """Why rows with these types were not understood; "" where most are of an expected type.

    One new type is Intercom's good right. A log in which most rows are of none that is known was
    not understood, and must not be taken for a quiet one.
    """
    total = sum(counts.values())
    strange = sum(number for name, number in counts.items() if name not in expected)
    if strange * 2 <= total:
        return ""
    return f"{strange:,} of {total:,} rows are of types that were not expected"
