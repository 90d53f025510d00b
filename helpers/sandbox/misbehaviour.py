"""What a server could answer instead of the truth: one table of changes to honest answers.

A mode is applied to every successful answer of the API but `GET /me`, which decides whether an
audit starts at all; the behaviour `misbehave_me` includes it. Errors stay honest. No mode is a
consistent lie (an empty list where there are no pages or counts to contradict it): no client can
detect one.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from helpers.sandbox import garbling as g
from helpers.sandbox import replies
from helpers.sandbox.garbling import GONE, Change
from helpers.sandbox.replies import Reply, Stream

__all__ = ["MODES", "Misbehaviour"]


@dataclass(frozen=True)
class Misbehaviour:
    """One mode: what it is, how it changes an answer, and what the server understands instead.

    `asked` replaces parameters of the call before it is carried out; None removes one. With
    `pages`, pages are small, so that there are several.
    """

    what: str
    change: Callable[[Reply], Reply] = lambda reply: reply
    asked: Mapping[str, Any] = field(default_factory=dict)
    pages: bool = False

    def parameters(self, route: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of a call as the server understands them."""
        small = {"per_page": 20 if "activity" in route else 2} if self.pages else {}
        wanted = {**given, **small, **self.asked}
        return {name: value for name, value in wanted.items() if value is not None}


def _json(change: Change) -> Callable[[Reply], Reply]:
    """Change the body as JSON."""
    return lambda reply: replace(reply, body=change(reply.body))


def _always(body: Any, *, status: int = 200, **headers: str) -> Callable[[Reply], Reply]:
    """Answer this instead."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda reply: replace(
        reply, status=status, body=body, headers={**reply.headers, **named}
    )


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Reply], Reply]:
    """Change the body as bytes."""
    return lambda reply: replace(reply, body=change(reply.content))


def _headers(**headers: str) -> Callable[[Reply], Reply]:
    """Send these headers beside an honest body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda reply: replace(reply, headers={**reply.headers, **named})


def _stream(stream: Stream, **headers: str) -> Callable[[Reply], Reply]:
    """Send the body in another way."""
    return lambda reply: replace(_headers(**headers)(reply), stream=stream)


# --- bodies that are not read as JSON at all ---

_MANY: Final = 100_000
_DEPTH: Final = 100_000
_PAGE: Final = b"<!doctype html><title>Sign in</title><form><input name=email></form>"


def _deep(body: Any) -> bytes:
    nest = b"[" * _DEPTH + b"]" * _DEPTH
    return b'{"type": "list", "%s": %s}' % (g.key_of_list(body).encode() or b"data", nest)


def _numbered(row: Any, number: int) -> Any:
    return {**row, "id": f"{row['id']}{number}"} if isinstance(row, dict) and "id" in row else row


def _multiplied(times: int) -> Callable[[list[Any]], list[Any]]:
    return lambda rows: [
        _numbered(rows[number % len(rows)], number) for number in range(max(times, len(rows)))
    ]


def _twice(body: Any) -> bytes:
    """An object whose list is there twice, the second time empty."""
    key, honest = g.key_of_list(body), json.dumps(body)
    return f'{honest[:-1]}, "{key}": []}}'.encode() if key else honest.encode()


def _numeral(text: Any) -> int:
    return zlib.crc32(str(text).encode())


def _last(row: Any) -> Callable[[list[Any]], list[Any]]:
    """Replace one row, the last: the oldest of a log."""
    return lambda rows: [*rows[:-1], row]


def _on_page(test: Callable[[int], bool], change: Change) -> Change:
    """Change the bodies of some pages, by their number."""

    def apply(body: Any) -> Any:
        pages = body.get("pages") if isinstance(body, dict) else None
        numbered = pages if isinstance(pages, dict) and "page" in pages else body
        page = numbered.get("page") if isinstance(numbered, dict) else None
        return change(body) if isinstance(page, int) and test(page) else body

    return apply


def _set(**values: Any) -> Change:
    return lambda pages: {**pages, **values}


def _cursor(value: Any) -> Change:
    """Another cursor where there is one; a list without a next page keeps none."""
    return lambda pages: {**pages, "next": value} if pages.get("next") else pages


def _cut_total(pages: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**pages, "total_pages": pages["page"]} if pages.get("page", 1) > 1 else pages


_ERROR: Final = {
    "type": "error.list",
    "request_id": "00000000-0000-4000-8000-000000000000",
    "errors": [{"code": "server_error", "message": "Something went wrong"}],
}
_LIMITED: Final = _ERROR | {"errors": [{"code": "rate_limit_exceeded", "message": "Wait"}]}


def _bodies() -> Mapping[str, Misbehaviour]:
    """Whole bodies that are something else."""
    return {
        "no-content": Misbehaviour("204 without a body", _always(None, status=204)),
        "empty-body": Misbehaviour("200 without a body", _always(b"")),
        "null": Misbehaviour("200 and `null`", _always(b"null")),
        "empty": Misbehaviour("200 and `{}`", _always({})),
        "empty-array": Misbehaviour("200 and `[]`", _always([])),
        "string": Misbehaviour("200 and a string", _always("ok")),
        "number": Misbehaviour("200 and a number", _always(42)),
        "boolean": Misbehaviour("200 and `true`", _always(b"true")),
        "html": Misbehaviour("a sign-in page with 200", _always(_PAGE, Content_Type="text/html")),
        "html-as-json": Misbehaviour("a sign-in page that claims to be JSON", _always(_PAGE)),
        "json-as-html": Misbehaviour(
            "an honest body that claims to be HTML", _headers(Content_Type="text/html")
        ),
        "error-200": Misbehaviour("an error list with 200", _always(_ERROR)),
        "message-200": Misbehaviour('`{"message": …}` with 200', _always({"message": "ok"})),
        "wrapped": Misbehaviour("the body inside `result`", _json(lambda body: {"result": body})),
        "in-array": Misbehaviour("the body inside an array", _json(lambda body: [body])),
        "as-string": Misbehaviour("the body as a string of JSON", _json(json.dumps)),
        "twice": Misbehaviour("the body two times", _bytes(lambda body: body * 2)),
        "trailing": Misbehaviour("text after the body", _bytes(lambda body: body + b"<!-- 7 -->")),
        "truncated": Misbehaviour("half a body", _bytes(lambda body: body[: len(body) // 2])),
        "byte-order-mark": Misbehaviour(
            "a mark first", _bytes(lambda body: b"\xef\xbb\xbf" + body)
        ),
        "utf-16": Misbehaviour("UTF-16", _bytes(lambda body: body.decode().encode("utf-16"))),
        "not-utf-8": Misbehaviour(
            "bytes that are no UTF-8", _bytes(lambda body: body.replace(b"example", b"ex\xffmple"))
        ),
        "not-a-number": Misbehaviour(
            "NaN for times", _json(g.fields(g.time, lambda _: float("nan")))
        ),
        "huge-numbers": Misbehaviour(
            "1e400 for times",
            _bytes(lambda body: re.sub(rb'(_at": )\d+', rb"\g<1>1e400", body)),
        ),
        "long-numbers": Misbehaviour(
            "times of 5,000 digits",
            _bytes(lambda body: re.sub(rb'(_at": )\d+', rb"\g<1>" + b"9" * 5000, body)),
        ),
        "duplicate-key": Misbehaviour(
            "the list two times, then empty", lambda reply: replace(reply, body=_twice(reply.body))
        ),
    }


def _lists() -> Mapping[str, Misbehaviour]:
    """Lists and rows of another shape."""
    return {
        "renamed": Misbehaviour("the list under another name", _json(g.rename_list)),
        "list-missing": Misbehaviour("no list", _json(g.in_list(lambda _: GONE))),
        "list-null": Misbehaviour("null for the list", _json(g.in_list(lambda _: None))),
        "list-string": Misbehaviour("text for the list", _json(g.in_list(lambda _: "none"))),
        "list-false": Misbehaviour("false for the list", _json(g.in_list(lambda _: False))),
        "list-object": Misbehaviour(
            "rows by number", _json(g.in_list(lambda rows: dict(enumerate(rows))))
        ),
        "list-nested": Misbehaviour("a list of a list", _json(g.in_list(lambda rows: [rows]))),
        "rows-null": Misbehaviour("null for rows", _json(g.each_row(lambda _: None))),
        "rows-empty": Misbehaviour("`{}` for rows", _json(g.each_row(lambda _: {}))),
        "rows-strings": Misbehaviour("text for rows", _json(g.each_row(str))),
        "rows-numbers": Misbehaviour("numbers for rows", _json(g.each_row(lambda _: 7))),
        "rows-in-lists": Misbehaviour("each row in a list", _json(g.each_row(lambda row: [row]))),
        "one-row-null": Misbehaviour("the last row is null", _json(g.in_rows(_last(None)))),
        "one-row-empty": Misbehaviour("the last row is `{}`", _json(g.in_rows(_last({})))),
        "rows-repeated": Misbehaviour(
            "the first row in place of each", _json(g.in_rows(lambda rows: [rows[0]] * len(rows)))
        ),
        "ids-missing": Misbehaviour("no ids", _json(g.fields(g.identifier, lambda _: GONE))),
        "ids-null": Misbehaviour("null for ids", _json(g.fields(g.identifier, lambda _: None))),
        "ids-empty": Misbehaviour("empty ids", _json(g.fields(g.identifier, lambda _: ""))),
        "ids-same": Misbehaviour("one id for all", _json(g.fields(g.identifier, lambda _: "1"))),
        "ids-numbers": Misbehaviour("ids as numbers", _json(g.fields(g.identifier, _numeral))),
        "ids-objects": Misbehaviour(
            "ids as objects", _json(g.fields(g.identifier, lambda id_: {"value": id_}))
        ),
        "ids-paths": Misbehaviour(
            "ids that are paths", _json(g.fields(g.identifier, lambda _: "../me?x=1#y"))
        ),
        "kinds-unknown": Misbehaviour(
            "values no description lists", _json(g.fields(g.kind, lambda value: f"x_{value}"))
        ),
        "kinds-upper-case": Misbehaviour("values in capitals", _json(g.fields(g.kind, str.upper))),
        "kinds-null": Misbehaviour("null for them", _json(g.fields(g.kind, lambda _: None))),
        "kinds-numbers": Misbehaviour("numbers for them", _json(g.fields(g.kind, len))),
        "flags-strings": Misbehaviour(
            '"true" and "false"', _json(g.fields(g.flag, lambda on: str(on).lower()))
        ),
        "flags-numbers": Misbehaviour("1 and 0", _json(g.fields(g.flag, int))),
        "flags-null": Misbehaviour("null for flags", _json(g.fields(g.flag, lambda _: None))),
        "flags-missing": Misbehaviour("no flags", _json(g.fields(g.flag, lambda _: GONE))),
        "objects-null": Misbehaviour(
            "null for objects in rows", _json(g.each_row(g.fields(g.nested, lambda _: None)))
        ),
        "objects-strings": Misbehaviour(
            "text for objects in rows", _json(g.each_row(g.fields(g.nested, str)))
        ),
        "objects-lists": Misbehaviour(
            "lists for objects in rows", _json(g.each_row(g.fields(g.nested, list)))
        ),
        "texts-null": Misbehaviour("null for texts", _json(g.fields(g.text, lambda _: None))),
        "texts-objects": Misbehaviour(
            "objects for texts", _json(g.fields(g.text, lambda value: {"text": value}))
        ),
        "lone-surrogates": Misbehaviour(
            "half characters in texts", _json(g.fields(g.text, lambda value: f"{value}\ud800"))
        ),
        "control-characters": Misbehaviour(
            "terminal codes and bidirectional marks in texts",
            _json(g.fields(g.text, lambda value: f"\x1b]0;x\x07\u202e\x00{value}")),
        ),
        "large-texts": Misbehaviour(
            "texts of 1 MB in the first row",
            _json(
                g.in_rows(
                    lambda rows: [
                        g.fields(g.text, lambda value: value + "x" * 2**20)(rows[0]),
                        *rows[1:],
                    ]
                )
            ),
        ),
        "unknown-fields": Misbehaviour(
            "fields that nobody knows, beside honest ones",
            _json(g.each_row(lambda row: {**row, "x": 1} if isinstance(row, dict) else row)),
        ),
    }


_DECADE: Final = 3652 * 86_400  # seconds


def _times() -> Mapping[str, Misbehaviour]:
    """Times that are not whole Unix seconds, or not of the period."""
    changes: Sequence[tuple[str, str, Change]] = (
        ("strings", "times as digits in text", str),
        ("floats", "times with a fraction", lambda at: at + 0.5),
        ("milliseconds", "times in milliseconds", lambda at: at * 1000),
        ("iso", "times as ISO 8601", g.iso),
        ("negative", "negative times", lambda at: -at),
        ("zero", "0 for times", lambda _: 0),
        ("past", "times ten years earlier, whatever period is asked for", lambda at: at - _DECADE),
        ("future", "times in the year 9999", lambda _: 253_370_764_800),
        ("boolean", "true for times", lambda _: True),
        ("null", "null for times", lambda _: None),
        ("missing", "no times", lambda _: GONE),
    )
    return {
        f"times-{name}": Misbehaviour(what, _json(g.fields(g.time, change)))
        for name, what, change in changes
    }


def _pages() -> Mapping[str, Misbehaviour]:
    """Pages that do not add up. All come in small pages."""
    shapes: Mapping[str, tuple[str, Change]] = {
        "small-pages": ("honest pages, smaller than asked for", lambda body: body),
        "pages-missing": (
            "no `pages`",
            lambda body: (
                {k: v for k, v in body.items() if k not in ("pages", "total_pages")}
                if isinstance(body, dict) and "page" in (body.get("pages") or body)
                else body
            ),
        ),
        "pages-null": (
            "null for `pages` of numbered lists",
            lambda body: (
                {**body, "pages": None}
                if isinstance(body, dict) and "page" in (body.get("pages") or ())
                else body
            ),
        ),
        "pages-string": ("text for `pages`", g.in_pages(lambda _: "1 of 3")),
        "total-pages-shrinks": ("the second page says it is the last", g.in_pages(_cut_total)),
        "total-pages-explodes": ("a billion pages", g.in_pages(_set(total_pages=10**9))),
        "total-pages-grows": (
            "always ten more",
            g.in_pages(
                lambda pages: (
                    {**pages, "total_pages": pages["page"] + 10} if "page" in pages else pages
                )
            ),
        ),
        "total-pages-zero": ("no pages", g.in_pages(_set(total_pages=0))),
        "total-pages-negative": ("minus one page", g.in_pages(_set(total_pages=-1))),
        "total-pages-string": ('"3" pages', g.in_pages(_set(total_pages="3"))),
        "total-pages-null": ("null pages", g.in_pages(_set(total_pages=None))),
        "page-number-wrong": ("every page says 7", g.in_pages(_set(page=7))),
        "empty-page": (
            "nothing on the second page",
            _on_page(lambda page: page == 2, g.in_list(lambda _: [])),  # noqa: PLR2004
        ),
        "only-first-page": (
            "nothing after the first page",
            _on_page(lambda page: page > 1, g.in_list(lambda _: [])),
        ),
        "cursor-url": ("an address for a cursor", g.in_pages(_cursor("https://example.com/?p=2"))),
        "cursor-number": ("a number for a cursor", g.in_pages(_cursor(2))),
        "cursor-empty": ("an empty cursor", g.in_pages(_cursor({"starting_after": ""}))),
        "cursor-null": ("null for a cursor", g.in_pages(_cursor({"starting_after": None}))),
    }
    return {
        **{
            name: Misbehaviour(what, _json(change), pages=True)
            for name, (what, change) in shapes.items()
        },
        "page-ignored": Misbehaviour(
            "the first page for each", asked={"page": 1, "starting_after": None}, pages=True
        ),
        "cursor-repeats": Misbehaviour(
            "the first page for each, and always the same cursor",
            _json(g.in_pages(_cursor({"per_page": 2, "starting_after": "WzEsIjEiXQ=="}))),
            asked={"starting_after": None},
            pages=True,
        ),
    }


def _transfers() -> Mapping[str, Misbehaviour]:
    """Time, size, status and headers."""
    return {
        "slow": Misbehaviour("half a second for each answer", _stream(replies.late)),
        "drip": Misbehaviour("one byte a second", _stream(replies.drip)),
        "silent": Misbehaviour("headers, and never a body", _stream(replies.never)),
        "endless": Misbehaviour("a body without end", _stream(replies.endless)),
        "torn": Misbehaviour("the connection closes in the body", _stream(replies.half)),
        "gzip-bomb": Misbehaviour(
            "10 GB from 10 MB", _stream(replies.bomb, Content_Encoding="gzip")
        ),
        "gzip-broken": Misbehaviour(
            "plain text said to be gzip", _headers(Content_Encoding="gzip")
        ),
        "deep": Misbehaviour(
            "lists 100,000 deep", lambda reply: replace(reply, body=_deep(reply.body))
        ),
        "huge": Misbehaviour("100,000 rows", _json(g.in_rows(_multiplied(_MANY)))),
        "many-rows": Misbehaviour("2,000 rows", _json(g.in_rows(_multiplied(2000)))),
        "retry-after-forever": Misbehaviour(
            "429, and the limit resets in the year 9999",
            _always(
                _LIMITED,
                status=429,
                Retry_After="9" * 30,
                X_RateLimit_Remaining="0",
                X_RateLimit_Reset="253370764800",
            ),
        ),
        "limit-headers-garbled": Misbehaviour(
            "a rate limit in no number",
            _headers(
                X_RateLimit_Remaining="1e400", X_RateLimit_Reset="never", X_RateLimit_Limit="-1"
            ),
        ),
        "unavailable": Misbehaviour("503", _always(_ERROR, status=503, Retry_After="1e9")),
        "redirect": Misbehaviour(
            "302 to another host", _always(None, status=302, Location="https://example.com/")
        ),
        "partial-content": Misbehaviour("206 with half the rows", _partial),
        "date-ahead": Misbehaviour(
            "a clock nine years ahead", _headers(Date="Mon, 03 Mar 2036 09:00:00 GMT")
        ),
        "date-garbled": Misbehaviour("a date that is none", _headers(Date="yesterday")),
        "version-other": Misbehaviour(
            "an answer of another version", _headers(Intercom_Version="1.0")
        ),
    }


def _partial(reply: Reply) -> Reply:
    halved = g.in_rows(lambda rows: rows[: len(rows) // 2])(reply.body)
    return replace(reply, status=206, body=halved)


MODES: Final[Mapping[str, Misbehaviour]] = {
    **_bodies(),
    **_lists(),
    **_times(),
    **_pages(),
    **_transfers(),
}
