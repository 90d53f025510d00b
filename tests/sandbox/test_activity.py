from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.sandbox.activity_log import ActivityBlock, ActivityLog
from tests.sandbox.conftest import Connect, error_code

ADA = {"id": "1", "email": "ada@example.com"}
TYPES = ("admin_login_success", "bulk_export", "app_data_export", "admin_login_failure")
NOW = 1_772_442_000


@st.composite
def logs(draw: st.DrawFn) -> ActivityLog:
    """Recorded rows, and with luck a block of computed ones among them."""
    log = ActivityLog()
    for at in draw(st.lists(st.integers(0, 300), max_size=12)):
        log.record(draw(st.sampled_from(TYPES)), "", at=at, by=ADA)
    oldest = draw(st.integers(0, 200))
    if draw(st.booleans()):
        log.block = ActivityBlock(
            draw(st.integers(1, 150)), oldest, oldest + draw(st.integers(0, 100))
        )
    return log


def row_by_row(log: ActivityLog, after: int, before: int, types: frozenset[str]) -> list[Any]:
    """The same selection, searched row by row."""
    computed = [log.block.row(n) for n in range(log.block.count)] if log.block else []
    rows = [*reversed(log.rows), *computed]
    rows.sort(key=lambda row: -int(row["created_at"]))  # stable: recorded before computed
    return [
        row
        for row in rows
        if after <= row["created_at"] <= before and (not types or row["activity_type"] in types)
    ]


@given(logs(), st.integers(0, 320), st.integers(0, 320), st.frozensets(st.sampled_from(TYPES)))
def test_a_selection_equals_a_search_row_by_row(
    log: ActivityLog, after: int, before: int, types: frozenset[str]
) -> None:
    expected = row_by_row(log, after, before, types)
    found = log.select(after, before, types)
    assert len(found) == len(expected)
    assert found.cut(0, len(found)) == expected


@given(logs(), st.integers(1, 20))
def test_pages_put_together_are_the_whole(log: ActivityLog, size: int) -> None:
    found = log.select(0, 400)
    pages = [found.cut(start, start + size) for start in range(0, len(found), size)]
    assert [row for page in pages for row in page] == row_by_row(log, 0, 400, frozenset())


@given(st.integers(1, 10**9), st.integers(0, NOW), st.integers(0, NOW))
def test_computed_rows_are_in_order_and_within_their_times(
    count: int, one: int, other: int
) -> None:
    block = ActivityBlock(count, min(one, other), max(one, other))
    numbers = sorted({0, count // 3, count // 2, count - 1})
    times = [block.time_of(n) for n in numbers]
    assert times == sorted(times, reverse=True)
    assert block.oldest <= min(times) <= max(times) <= block.newest


def test_ten_million_rows_are_there_at_once_and_each_has_its_id(
    hub: httpx.Client, connect: Connect
) -> None:
    client = connect()
    hub.post("/activity", json={"count": 10_000_000, "newest": NOW, "oldest": 0})
    seen: set[str] = set()
    for page in (1, 20_000, 40_000):
        query = {"created_at_after": 0, "per_page": 250, "page": page}
        body = client.get("/admins/activity_logs", params=query).json()
        assert body["pages"]["total_pages"] > 40_000
        seen |= {row["id"] for row in body["activity_logs"]}
    assert len(seen) == 750


def test_a_search_by_type_finds_that_type_alone(hub: httpx.Client, connect: Connect) -> None:
    client = connect()
    hub.post("/activity", json={"count": 4_000})
    query = {"created_at_after": 0, "event_types": ["bulk_export"], "per_page": 250}
    body = client.post("/admins/activity_logs/search", json=query).json()
    # one of the 40 rows of the pattern, and the one of the story
    assert {row["activity_type"] for row in body["activity_logs"]} == {"bulk_export"}
    assert len(body["activity_logs"]) == 101


def test_a_page_beyond_the_last_is_empty(connect: Connect) -> None:
    query: dict[str, int] = {"created_at_after": 0, "page": 10_000}
    assert connect().get("/admins/activity_logs", params=query).json()["activity_logs"] == []


def test_created_at_after_is_required_before_version_2_17(connect: Connect) -> None:
    answer = connect("2.16").get("/admins/activity_logs")
    assert (answer.status_code, error_code(answer)) == (400, "parameter_not_found")
    recent = connect("2.17").get("/admins/activity_logs", params={"per_page": 250}).json()
    assert min(row["created_at"] for row in recent["activity_logs"]) >= NOW - 30 * 86_400


@pytest.mark.parametrize(
    "query", [{"page": 0}, {"page": "x"}, {"created_at_before": "yesterday"}, {"per_page": "-1"}]
)
def test_nonsense_in_the_query_is_refused(query: dict[str, Any], connect: Connect) -> None:
    answer = connect().get("/admins/activity_logs", params={"created_at_after": 0} | query)
    assert (answer.status_code, error_code(answer)) == (400, "parameter_invalid")


def test_a_page_holds_250_rows_at_most_and_20_by_default(
    hub: httpx.Client, connect: Connect
) -> None:
    client = connect()
    hub.post("/activity", json={"count": 1_000})
    sizes = [
        len(client.get("/admins/activity_logs", params=query).json()["activity_logs"])
        for query in ({"created_at_after": 0}, {"created_at_after": 0, "per_page": 1_000})
    ]
    assert sizes == [20, 250]


def test_a_type_that_no_list_has_is_kept_and_listed(hub: httpx.Client, connect: Connect) -> None:
    client = connect()
    row = {"activity_type": "ai_inbox_translation_setting_change", "by": "991267401"}
    hub.post("/activity/rows", json=row)
    assert row["activity_type"] in client.get("/admins/activity_log_event_types").text
    newest = client.get("/admins/activity_logs", params={"created_at_after": 0}).json()
    assert newest["activity_logs"][0]["activity_type"] == row["activity_type"]
