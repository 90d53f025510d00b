"""Read what the hub is sent into a dataclass, strictly: no unknown field, no converted type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

__all__ = ["FORBID", "read"]

T = TypeVar("T")
FORBID = {"extra": "forbid"}  # a dataclass's `__pydantic_config__`: unknown fields are errors


def read(kind: type[T], body: Mapping[str, Any]) -> T:
    """The body as that dataclass. Raises ValueError that names the field and the choice."""
    from pydantic import ValidationError

    try:
        # by way of JSON, since that is what strictness is meant for here: an array may be a set
        found: T = _adapter(kind).validate_json(json.dumps(body), strict=True)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"{where}: {first['msg']}") from None
    return found


@cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter  # only the hub needs it, so it waits for the hub

    return TypeAdapter(kind)
