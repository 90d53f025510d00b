"""Parse the bodies of hub calls strictly: no unknown field, no converted type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["FORBID", "parse_body", "read_object"]

T = TypeVar("T")
FORBID = {"extra": "forbid"}  # a dataclass's `__pydantic_config__`: unknown fields are errors


def parse_body(kind: type[T], body: Mapping[str, Any]) -> T:
    """The body as that dataclass. Raises ValueError that names the field."""
    from pydantic import ValidationError

    try:
        # through JSON, because its strict mode accepts an array for a set
        found: T = _adapter(kind).validate_json(json.dumps(body), strict=True)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"{where}: {first['msg']}") from None
    return found


@cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter  # slow to import, and only the hub needs it

    return TypeAdapter(kind)


async def read_object(request: Request) -> dict[str, Any]:
    """The body. Raises ValueError unless it is a JSON object."""
    body = json.loads(await request.body() or b"{}")
    if not isinstance(body, dict):
        raise ValueError("the body must be an object")  # noqa: TRY004 - the hub answers 400
    return body
