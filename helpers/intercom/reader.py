"""The strict reader: an answer of Intercom becomes a model, or an error that names call and field.

Status, content type, shape and types have to be as documented. An answer that is anything else,
`{}` or an error object with status 200 among them, raises UnreadableAnswerError; it is never an
empty list. In a list, a row that is not understood costs that row: it is counted, and the first few
are kept raw, shortened.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from dataclasses import field as field_of
from typing import Any, Final, Generic, TypeVar

from pydantic import ValidationError

from helpers.core.errors import UnreadableAnswerError
from helpers.intercom.answers import Answer, Pages
from helpers.intercom.responses import ApiResponse

__all__ = ["ListPage", "UnreadRow", "UnreadTally", "read", "read_list", "read_nothing", "read_rows"]

M = TypeVar("M", bound=Answer)

_KEPT: Final = 20  # unread rows that are kept raw
_RAW: Final = 500  # characters of each


@dataclass(frozen=True)
class UnreadRow:
    """A row that was not understood: what is wrong, where, and the row, shortened."""

    what: str
    field: str
    raw: str = field_of(repr=False)


@dataclass
class UnreadTally:
    """The rows of a list that were not understood: how many, and the first few."""

    count: int = 0
    first: list[UnreadRow] = field_of(default_factory=list)

    def add(self, row: UnreadRow) -> None:
        """Count one more."""
        self.count += 1
        if len(self.first) < _KEPT:
            self.first.append(row)

    def __str__(self) -> str:
        """How many there are and what is wrong with the first; "" for none."""
        if not self.count:
            return ""
        counted = "1 row was" if self.count == 1 else f"{self.count:,} rows were"
        first = self.first[0]
        return f"{counted} not understood ({first.what} at `{first.field}`)"


@dataclass(frozen=True)
class ListPage(Generic[M]):
    """One page of a list. `size` counts what came, understood or not.

    `pages` is None where the answer says nothing of further pages.
    """

    rows: tuple[M, ...]
    unread: UnreadTally
    size: int
    pages: Pages | None
    total: int | None = None  # how many rows the whole list has, where the answer says so

    def of(self, wanted: Callable[[M], bool]) -> ListPage[M]:
        """The page with these rows alone; what was not understood stays."""
        return replace(self, rows=tuple(filter(wanted, self.rows)))


def read(answer: ApiResponse, model: type[M], *, status: int = 200) -> M:
    """The answer as a model. Raises IntercomError and UnreadableAnswerError."""
    body = _object(answer, status)
    try:
        return model.model_validate(body)
    except ValidationError as error:
        what, where = _first(error)
        raise UnreadableAnswerError(answer.call, what, field=where) from None


def read_list(
    answer: ApiResponse, key: str, model: type[M], *, most: int | None = None
) -> ListPage[M]:
    """A page of a list whose rows stand under `key`. Raises as `read` does.

    `most` is how many rows a page was asked to have; a page with more is not the one asked for.
    """
    body = _object(answer, 200)
    if key not in body:
        raise UnreadableAnswerError(answer.call, "the list is missing", field=key)
    listed = body[key]
    if not isinstance(listed, list):
        raise UnreadableAnswerError(answer.call, f"{_kind(listed)} instead of a list", field=key)
    size = len(listed)
    if most is not None and size > most:
        what = f"{size:,} rows where {most} were asked for"
        raise UnreadableAnswerError(answer.call, what, field=key)
    rows, unread = read_rows(listed, model, key)
    total = body.get("total_count")
    return ListPage(
        rows=rows,
        unread=unread,
        size=size,
        pages=_pages(answer, body.get("pages")),
        total=total if type(total) is int else None,
    )


def read_rows(
    listed: list[Any], model: type[M], key: str = "row"
) -> tuple[tuple[M, ...], UnreadTally]:
    """The rows that were understood, and the others. The list is emptied, to save memory."""
    rows: list[M] = []
    unread = UnreadTally()
    listed.reverse()
    for number in range(len(listed)):
        one = listed.pop()
        try:
            rows.append(model.model_validate(one))
        except ValidationError as error:
            what, where = _first(error)
            place = f"{key}[{number}].{where}" if where else f"{key}[{number}]"
            unread.add(UnreadRow(what, place, _shortened(one)))
    return tuple(rows), unread


def read_nothing(answer: ApiResponse, *statuses: int) -> None:
    """Expect one of these statuses, whose body says nothing. Raises as `read` does."""
    if not answer.ok:
        raise answer.error()
    if answer.status not in statuses:
        raise UnreadableAnswerError(answer.call, f"status {answer.status}")


def _object(answer: ApiResponse, status: int) -> dict[str, Any]:
    """The body of a good answer, which has to be a JSON object and no error."""
    if not answer.ok:
        raise answer.error()
    body = answer.body
    if answer.status != status:
        raise UnreadableAnswerError(answer.call, f"status {answer.status} instead of {status}")
    if answer.defect:
        raise UnreadableAnswerError(answer.call, answer.defect)
    if not isinstance(body, dict):
        raise UnreadableAnswerError(answer.call, f"{_kind(body)} instead of an object")
    if body.get("type") == "error.list":
        what = f"an error object with status {answer.status}"
        raise UnreadableAnswerError(answer.call, what, field="type")
    return body


def _pages(answer: ApiResponse, said: Any) -> Pages | None:
    if said is None:
        return None
    try:
        return Pages.model_validate(said)
    except ValidationError as error:
        what, where = _first(error)
        place = f"pages.{where}" if where else "pages"
        raise UnreadableAnswerError(answer.call, what, field=place) from None


def _first(error: ValidationError) -> tuple[str, str]:
    """What is wrong first, in lower case, and the dotted path of the field."""
    found = error.errors(include_url=False, include_context=False, include_input=True)[0]
    where = ".".join(str(part) for part in found["loc"])
    if found["type"] == "missing":
        return "a field is missing", where
    return f"{_kind(found['input'])} is not {_WANTED.get(found['type'], 'a valid value')}", where


_WANTED: Final = {
    "string_type": "a text",
    "string_unicode": "valid text",
    "string_too_short": "filled text",
    "string_too_long": "a text of a sane length",
    "string_pattern_mismatch": "a plain id",
    "int_type": "a whole number",
    "bool_type": "a boolean",
    "greater_than_equal": "a time in Unix seconds",
    "less_than_equal": "a time in Unix seconds",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "tuple_type": "a list",
}


def _kind(value: Any) -> str:
    """The JSON name of a value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    names = {dict: "an object", list: "a list", str: "a text", int: "a number", float: "a fraction"}
    return names.get(type(value), "a value")


def _shortened(row: Any) -> str:
    """The row as ASCII JSON, cut where it is long."""
    pieces, length = [], 0
    for piece in json.JSONEncoder(default=str).iterencode(row):
        pieces.append(piece[:_RAW])
        length += len(pieces[-1])
        if length >= _RAW:
            break
    return "".join(pieces)[:_RAW]
