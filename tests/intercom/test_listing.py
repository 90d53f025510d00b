"""Paging is proven by what comes back: a list that is cut short is partial, and says why."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from helpers.core.errors import IncompleteListError
from helpers.core.model import Known, Partial
from helpers.core.policy import Limits
from tests.intercom.conftest import client_of, refusal

PERIOD = datetime(2026, 3, 1, tzinfo=UTC)
AT = int(PERIOD.timestamp())


def logs(*names: str, **pages: Any) -> dict[str, Any]:
    rows = [{"id": n, "created_at": AT, "activity_type": "macro_update"} for n in names]
    return {"activity_logs": rows, "pages": pages or None}


def numbered(*bodies: Any) -> Callable[[httpx.Request], httpx.Response]:
    def handler(request: httpx.Request) -> httpx.Response:
        body = bodies[json.loads(request.content)["page"] - 1]
        return body if isinstance(body, httpx.Response) else httpx.Response(200, json=body)

    return handler


def cursors(*bodies: Any) -> Callable[[httpx.Request], httpx.Response]:
    waiting = iter(bodies)
    return lambda _: httpx.Response(200, json=next(waiting))


def data(*names: str, **rest: Any) -> dict[str, Any]:
    return {"data": [{"id": name} for name in names], **rest}


def following(cursor: object) -> dict[str, Any]:
    return {"pages": {"next": {"starting_after": cursor}}}


FULL = [str(n) for n in range(150)]


@pytest.mark.parametrize(
    ("bodies", "kept", "said"),
    [
        (
            [logs(n, page=1, total_pages=2) for n in "12"],
            2,
            "page 1 came when page 2 was asked for",
        ),
        ([logs("1", total_pages=2)] * 2, 1, "page 2 repeats rows"),
        ([logs("1", "2", total_pages=3), logs("2", "1", total_pages=3)], 2, "page 2 repeats rows"),
        ([logs("1", "1", total_pages=1)], 0, "page 1 repeats rows"),
        ([logs("1", total_pages=3), logs("2", total_pages=2)], 2, "fell from 3 to 2"),
        ([logs("1", total_pages=3), logs(total_pages=3)], 1, "page 2 of 3 is empty"),
        ([logs(total_pages=3)], 0, "page 1 of 3 is empty"),
        ([logs("1", total_pages=0)], 1, "there are no pages"),
        ([logs("1", total_pages=2), logs("2")], 2, "page 2 does not say how many"),
        ([logs(*FULL)], 150, "page 1 does not say how many"),
        ([logs("1", total_pages=2), refusal(500, "server_error")], 1, "was answered 500"),
        ([logs("1", total_pages=2), {}], 1, "the list is missing"),
    ],
)
def test_numbered_pages_that_prove_nothing_cut_the_list(
    bodies: list[Any], kept: int, said: str
) -> None:
    datum = client_of(numbered(*bodies)).activity_logs(PERIOD).read()
    assert isinstance(datum, Partial)
    assert len(datum.value) == kept
    assert said in datum.reason
    assert datum.call == "POST /admins/activity_logs/search"


def test_a_billion_pages_end_at_the_limit() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        page = json.loads(request.content)["page"]
        return httpx.Response(200, json=logs(str(page), page=page, total_pages=10**9))

    datum = client_of(handler, limits=Limits(pages=20)).activity_logs(PERIOD).read()
    assert isinstance(datum, Partial)
    assert "stopped after 20 pages (`limits.pages` in policy.toml)" in datum.reason


def test_a_list_that_takes_too_long_ends_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(range(0, 10**9, 400))
    clock = SimpleNamespace(monotonic=lambda: next(times))
    monkeypatch.setattr("helpers.intercom.listing.time", clock)
    pages = [logs(str(n), total_pages=9) for n in range(9)]
    datum = client_of(numbered(*pages)).activity_logs(PERIOD).read()
    assert isinstance(datum, Partial)
    assert "stopped after 120 s (`limits.list_seconds` in policy.toml)" in datum.reason


def test_a_list_that_does_not_say_how_many_pages_it_has_is_not_whole() -> None:
    datum = client_of(numbered(logs("1", "2"))).activity_logs(PERIOD).read()
    assert isinstance(datum, Partial)
    assert "page 1 does not say how many" in datum.reason


@pytest.mark.parametrize(("strange", "whole"), [(1, True), (2, True), (3, False), (4, False)])
def test_a_log_mostly_of_unknown_types_is_not_understood(strange: int, *, whole: bool) -> None:
    body = logs("1", "2", "3", "4", page=1, total_pages=1)
    for row in body["activity_logs"][:strange]:
        row["activity_type"] = "ADMIN_LOGIN"
    datum = client_of(numbered(body)).activity_logs(PERIOD).read()
    assert isinstance(datum, Known) is whole
    if isinstance(datum, Partial):
        assert f"{strange} of 4 rows are of types that were not expected" in datum.reason
        assert len(datum.value) == 4


@pytest.mark.parametrize(("days", "whole"), [(0, True), (-1, True), (-3, False), (3, False)])
def test_a_log_of_another_period_is_not_the_one_that_was_asked_for(
    days: int, *, whole: bool
) -> None:
    body = logs("1", "2", page=1, total_pages=1)
    body["activity_logs"][0]["created_at"] = int((PERIOD + timedelta(days=days)).timestamp())
    end = PERIOD + timedelta(days=1)
    datum = client_of(numbered(body)).activity_logs(PERIOD, end).read()
    assert isinstance(datum, Known) is whole
    if isinstance(datum, Partial):
        assert "1 of the rows are not of the period asked for" in datum.reason


def test_rows_that_move_on_because_new_ones_arrive_are_no_repetition() -> None:
    pages = [logs("5", "4", "3", total_pages=2), logs("4", "3", "2", "1", total_pages=3)]
    pages.append(logs("1", "0", total_pages=3))
    datum = client_of(numbered(*pages)).activity_logs(PERIOD).read()
    assert isinstance(datum, Known)
    assert [row.id for row in datum.value] == ["5", "4", "3", "2", "1", "0"]


@pytest.mark.parametrize(
    ("bodies", "kept", "said"),
    [
        ([data("1", **following("a")), data("2", **following("a"))], 2, "followed before"),
        ([data("1", **following("a")), data("1", **following("b"))], 1, "repeats rows"),
        ([data("1", **following("a")), data(**following("b"))], 1, "page 2 is empty"),
        ([data("1", **following("https://evil.example/?x"))], 1, "can't be used (`pages.next`)"),
        ([data("1", pages={"next": "https://evil.example/"})], 1, "can't be used (`pages.next`)"),
        ([data("1", **following(5))], 1, "can't be used (`pages.next`)"),
        ([data("1", **following(""))], 1, "can't be used (`pages.next`)"),
        ([data("1", **following("x" * 5000))], 1, "can't be used (`pages.next`)"),
        ([data("1", pages={"next": None, "total_pages": 3})], 1, "more was promised"),
        ([data("1", total_count=40, pages={"next": None})], 1, "more was promised"),
        ([data(*FULL[:50])], 50, "page 1 is full and does not say what follows"),
    ],
)
def test_cursors_that_prove_nothing_cut_the_list(bodies: list[Any], kept: int, said: str) -> None:
    datum = client_of(cursors(*bodies)).data_connectors().read()
    assert isinstance(datum, Partial)
    assert len(datum.value) == kept
    assert said in datum.reason


def test_a_list_that_is_needed_whole_is_an_error_where_a_part_is_missing() -> None:
    with pytest.raises(IncompleteListError, match="more was promised"):
        client_of(cursors(data("1", total_count=2))).data_connectors().whole()


def test_a_list_without_pages_that_is_not_full_is_whole() -> None:
    assert client_of(cursors(data("1"))).data_connectors().read() == Known(
        client_of(cursors(data("1"))).data_connectors().whole()
    )


def test_teammates_of_whom_more_are_promised_are_partial() -> None:
    admin = {"admins": [{"id": "1"}], "pages": {"next": None, "total_pages": 2}}
    assert isinstance(client_of(cursors(admin)).admins().read(), Partial)


def test_a_hundred_thousand_teammates_are_read_whole() -> None:
    rows = [{"id": str(n), "name": f"Teammate {n}"} for n in range(100_000)]
    assert len(client_of(cursors({"admins": rows})).admins().whole()) == 100_000
