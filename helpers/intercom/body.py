"""The JSON of an answer, bounded in depth and number of values before it is parsed.

Nothing in it can raise: what is not JSON is a defect, in words. What would fail later is made
harmless here, so that it costs its own record alone: bytes that are no UTF-8 and half surrogates
stay strings, which the reader refuses or replaces; `NaN` and numbers that no 64-bit integer holds
become strings, which are no numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from helpers.core.policy import Limits

__all__ = ["BROKEN", "parse_body"]

BROKEN: Final = "something that is not whole JSON"

_TEXT: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?'  # a string, also one without an end
_STRING: Final = re.compile(_TEXT, re.DOTALL)
_WINDOW: Final = re.compile(rb'(?:[^"]|' + _TEXT + rb"){1,100000}+", re.DOTALL)
_STEPS: Final[Mapping[int, int]] = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS: Final = bytes(set(range(256)) - _STEPS.keys())
_JSON_TYPE: Final = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
_LONGEST_NUMBER: Final = 19  # digits of the greatest 64-bit integer


class _RepeatedKeyError(ValueError):
    """Two values for one key: whoever keeps the last one drops the first unread (RFC 8259, 4)."""


def parse_body(content: bytes, content_type: str, limits: Limits) -> tuple[Any, str]:
    """The value, or None and what is wrong with the body; no body at all is None and `no body`."""
    if not content:
        return None, "no body"
    if not _JSON_TYPE.fullmatch(content_type.strip()):
        kind = re.sub(r"[^\w/.+-].*", "", content_type.strip())[:40]
        return None, f"{kind or 'no content type'} instead of application/json"
    if defect := _beyond(content, limits):
        return None, defect
    try:
        text = content.decode("utf-8-sig", "surrogateescape")
        return json.loads(
            text, parse_int=_integer, parse_constant=str, object_pairs_hook=_object
        ), ""
    except _RepeatedKeyError:
        return None, "an object that says the same key twice"
    except (ValueError, RecursionError):
        return None, BROKEN


def _beyond(content: bytes, limits: Limits) -> str:
    """The limit that the body is beyond, in words."""
    depth = values = 0
    for window in _WINDOW.finditer(content):  # each begins and ends outside of strings
        bare = _STRING.sub(b"", window[0])
        steps = map(_STEPS.__getitem__, bare.translate(None, _NO_BRACKETS))
        depths = list(accumulate(steps, initial=depth))
        depth = depths[-1]
        values += bare.count(b",") + bare.count(b"[") + bare.count(b"{")
        if max(depths) > limits.depth:
            return f"JSON nested deeper than {limits.depth} levels (`limits.depth` in policy.toml)"
        if values > limits.values:
            return f"more than {limits.values:,} values (`limits.values` in policy.toml)"
    return ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _RepeatedKeyError
    return made


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits
