"""What a field may hold, wherever in the API it occurs; and numbers as queries write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from helpers.sandbox.answers import Refusal

__all__ = ["check", "whole_number"]


def _text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _object(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _named(value: Any) -> bool:
    return _objects(value) and all(isinstance(item.get("name"), str) for item in value)


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_KINDS: Final[Mapping[str, Callable[[Any], bool]]] = (
    dict.fromkeys(("name", "title", "email", "external_id", "phone", "company_id", "role"), _text)
    | dict.fromkeys(("description", "url", "body", "subject", "http_method", "state"), _text)
    | dict.fromkeys(("custom_attributes", "metadata", "pagination", "sort", "from"), _object)
    | dict.fromkeys(("audiences", "token_ids", "event_types"), _texts)
    | dict.fromkeys(("data_inputs", "response_fields", "object_mappings"), _objects)
    | {"headers": _named, "author_id": _number}
)


def check(given: dict[str, Any]) -> dict[str, Any]:
    """The same fields. Raises Refusal (400) for one that holds what it can't."""
    for name, value in given.items():
        if name in _KINDS and not _KINDS[name](value):
            raise _invalid(name)
    return given


def whole_number(value: Any, name: str, *, low: int = 0) -> int:
    """A number of a query or a body. Raises Refusal (400) for anything else, or one below `low`."""
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,18}", str(value)) or int(value) < low:
        raise _invalid(name)
    return int(value)


def _invalid(name: str) -> Refusal:
    return Refusal(400, "parameter_invalid", f"{name} is invalid", field=name)
