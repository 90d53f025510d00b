"""Answers that are well-formed and not what was asked for: none is an empty list, none a crash."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from helpers.core.errors import CollectionError, UnreadableAnswerError
from helpers.core.model import Known, Partial
from helpers.core.policy import Limits
from helpers.intercom import answers
from helpers.intercom.answers import Activity, Admin, Answer, ConnectorDetail, ListedSecret, Me
from helpers.intercom.body import parse_body
from helpers.intercom.client import Client
from helpers.intercom.reader import read_rows
from tests.intercom.conftest import client_of
from tests.vendored import api_description

PERIOD = datetime(2026, 3, 1, tzinfo=UTC)
EXAMPLES = datetime(2024, 12, 1, tzinfo=UTC)  # before the times in the description's examples
AT = int(PERIOD.timestamp())
JSON = {"Content-Type": "application/json"}
CALLS: dict[str, Callable[[Client], object]] = {
    "GET /me": lambda c: c.me(),
    "GET /admins": lambda c: c.admins().read(),
    "GET /admins/{id}": lambda c: c.admin("1"),
    "POST /admins/activity_logs/search": lambda c: c.activity_logs(EXAMPLES).read(),
    "GET /ip_allowlist": lambda c: c.ip_allowlist(),
    "GET /data_connectors": lambda c: c.data_connectors().read(),
    "GET /data_connectors/{id}": lambda c: c.data_connector("1"),
    "GET /secure_mode_secrets": lambda c: c.identity_secrets().read(),
}
ERROR = {"type": "error.list", "errors": [{"code": "x", "message": "y"}], "id": "1"}
WRONG: dict[str, httpx.Response] = {
    "204": httpx.Response(204),
    "206": httpx.Response(206, json={"admins": [], "data": [], "activity_logs": []}),
    "no body": httpx.Response(200, headers=JSON),
    "{}": httpx.Response(200, json={}),
    "[]": httpx.Response(200, json=[]),
    "null": httpx.Response(200, text="null", headers=JSON),
    "a text": httpx.Response(200, json="admins"),
    "html": httpx.Response(200, html="<html>Sign in</html>"),
    "json as text": httpx.Response(200, text='{"data": [], "admins": [], "activity_logs": []}'),
    "half": httpx.Response(200, text='{"data": [', headers=JSON),
    "an error": httpx.Response(200, json=ERROR),
    "renamed": httpx.Response(200, json={"type": "list", "items": [], "results": []}),
    "null list": httpx.Response(200, json=dict.fromkeys(("admins", "data", "activity_logs"))),
    "object list": httpx.Response(200, json={"admins": {}, "data": {}, "activity_logs": {}}),
    "deep": httpx.Response(200, text='{"data":' + "[" * 100_000, headers=JSON),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_answer_is_an_error_that_names_the_call(call: str, wrong: str) -> None:
    with pytest.raises(CollectionError) as caught:
        CALLS[call](client_of(lambda _: WRONG[wrong]))
    assert call in caught.value.message


def test_a_wrong_field_is_named() -> None:
    body = {"type": "admin", "id": 5, "app": {"id_code": "abc"}}
    with pytest.raises(UnreadableAnswerError) as caught:
        client_of(lambda _: httpx.Response(200, json=body)).me()
    assert (caught.value.field, caught.value.what) == ("id", "a number is not a text")


@pytest.mark.parametrize("said", [None, "false", 0, [], {}])
def test_what_me_does_not_say_clearly_is_unknown(said: object) -> None:
    app = {"id_code": "abc", "identity_verification": said}
    me = client_of(lambda _: httpx.Response(200, json={"id": "1", "app": app})).me()
    assert me.app.identity_verification is None


@pytest.mark.parametrize(
    "moment",
    [str(AT), AT * 1000, float(AT), "2026-03-01T00:00:00Z", None, True, -1, 0, 10**30, [AT]],
)
def test_a_time_that_is_not_whole_unix_seconds_costs_its_row_alone(moment: object) -> None:
    rows = [{"id": "1", "created_at": moment}, {"id": "2", "created_at": AT}]
    found = client_of(lambda _: httpx.Response(200, json={"data": rows})).identity_secrets()
    datum = found.read()
    assert isinstance(datum, Partial)
    assert [secret.id for secret in datum.value] == ["2"]
    assert "1 row was not understood" in datum.reason
    assert "data[0].created_at" in datum.reason
    assert json.loads(found.unread.first[0].raw)["id"] == "1"


def test_half_a_surrogate_in_a_name_costs_nothing_and_in_an_id_its_row() -> None:
    rows = r'{"id":"1","name":"a\ud800"},{"id":"\ud800","name":"b"},{"id":"3","name":"c"}'
    body = f'{{"admins":[{rows}]}}'
    datum = client_of(lambda _: httpx.Response(200, text=body, headers=JSON)).admins().read()
    assert isinstance(datum, Partial)
    assert [(admin.id, admin.name) for admin in datum.value] == [("1", "a?"), ("3", "c")]


def test_bytes_that_are_not_utf_8_cost_their_row_alone() -> None:
    body = b'{"admins":[{"id":"\xff"},{"id":"2"}]}'
    datum = client_of(lambda _: httpx.Response(200, content=body, headers=JSON)).admins().read()
    assert isinstance(datum, Partial)
    assert [admin.id for admin in datum.value] == ["2"]


def test_a_long_name_is_cut_and_a_long_raw_row_too() -> None:
    rows = [{"id": "1", "name": "x" * 1_000_000}, {"id": None, "name": "y" * 1_000_000}]
    found = client_of(lambda _: httpx.Response(200, json={"admins": rows})).admins()
    (admin,) = found
    assert len(admin.name or "") < 1100
    assert len(found.unread.first[0].raw) <= 500


def test_only_the_first_unread_rows_are_kept_and_all_are_counted() -> None:
    found = client_of(lambda _: httpx.Response(200, json={"admins": [1] * 5000})).admins()
    assert list(found) == []
    assert (found.unread.count, len(found.unread.first)) == (5000, 20)
    assert "5,000 rows were not understood" in found.reason


@pytest.mark.parametrize("pages", [{"total_pages": "3"}, [], "next"])
def test_pages_of_a_wrong_type_are_not_the_end_of_the_list(pages: object) -> None:
    body = {"activity_logs": [], "pages": pages}
    with pytest.raises(UnreadableAnswerError, match="pages"):
        client_of(lambda _: httpx.Response(200, json=body)).activity_logs(PERIOD).read()


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(st.characters(codec=None), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)
MODELS = [
    found
    for found in vars(answers).values()
    if isinstance(found, type) and issubclass(found, Answer) and found is not Answer
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@given(data=st.data())
def test_every_model_reads_any_value_or_counts_it(model: type[Answer], data: st.DataObject) -> None:
    fields = dict.fromkeys(model.model_fields, JSON_VALUES)
    row = data.draw(JSON_VALUES | st.fixed_dictionaries({}, optional=fields))
    rows, unread = read_rows([row], model)
    assert len(rows) + unread.count == 1
    for one in rows:
        one.model_dump_json(exclude={"metadata", "next"})
    str(unread).encode()


@given(st.binary(max_size=200), st.sampled_from(["application/json", "text/html", "", "\x00"]))
def test_any_bytes_are_a_value_or_a_defect(content: bytes, kind: str) -> None:
    value, defect = parse_body(content, kind, Limits())
    assert value is None or not defect


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[" * 65 + b"]" * 65, "deeper than 64"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "deeper than 64"),
        (b"[" + b"1," * 2_000_001 + b"1]", "more than 2,000,000 values"),
        (b'"\\"' * 10, "not whole JSON"),
        (b'{"a": 1}{', "not whole JSON"),
        (b'{"data": [1], "data": []}', "the same key twice"),
        (b'[{"a": {"b": 1, "b": 1}}]', "the same key twice"),
    ],
)
def test_json_beyond_a_limit_is_not_parsed(content: bytes, said: str) -> None:
    assert said in parse_body(content, "application/json", Limits())[1]


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"a": "[[[[\\"{{{{"}', {"a": '[[[["{{{{'}),
        (b"NaN", "NaN"),
        (b"9" * 5000, "9" * 5000),
        (b"[" * 64 + b"]" * 64, ...),
    ],
)
def test_json_within_the_limits_is_parsed_and_odd_numbers_are_no_numbers(
    content: bytes, value: object
) -> None:
    found, defect = parse_body(content, "application/json; charset=utf-8", Limits())
    assert not defect
    assert value is ... or found == value


READ: dict[str, type[Answer]] = {
    "GET /me": Me,
    "GET /admins": Admin,
    "GET /admins/{id}": Admin,
    "GET /admins/activity_logs": Activity,
    "POST /admins/activity_logs/search": Activity,
    "GET /ip_allowlist": answers.IpAllowlist,
    "GET /data_connectors": answers.ConnectorSummary,
    "GET /data_connectors/{id}": ConnectorDetail,
    "GET /secure_mode_secrets": ListedSecret,
}


RECORDS: dict[str, Callable[[Client, str], Admin | ConnectorDetail]] = {
    "GET /admins/{id}": Client.admin,
    "GET /data_connectors/{id}": Client.data_connector,
}


@pytest.mark.parametrize("call", RECORDS)
def test_a_record_other_than_the_one_asked_for_is_refused(call: str) -> None:
    body = {"id": "7", "name": "Other", "state": "live"}
    with pytest.raises(UnreadableAnswerError, match="not the one that was asked for"):
        RECORDS[call](client_of(_always(body)), "8")
    assert RECORDS[call](client_of(_always(body)), "7").id == "7"


@pytest.mark.parametrize("version", ["2.16", "preview"])
def test_every_example_of_the_description_is_understood(version: str) -> None:
    document = yaml.load(api_description(version), Loader=yaml.CSafeLoader)
    seen = set()
    for name, body in _examples(document):
        if name not in READ:
            continue
        seen.add(name)
        client = client_of(_always(body))
        if name == "GET /admins/activity_logs":
            page = client_of(_got(body)).activity_page(AT, None, 1, per_page=20)
            assert page.rows
            assert not page.unread.count
            continue
        if name in RECORDS:
            assert RECORDS[name](client, body["id"]).id == body["id"]
            continue
        found = CALLS[name](client)
        if name == "GET /data_connectors":  # its one page names another, which is the same again
            assert isinstance(found, Partial)
            assert len(found.value) == 1
        else:
            assert isinstance(found, Known | Answer), found
    absent = {"2.16": "GET /secure_mode_secrets", "preview": "GET /ip_allowlist"}[version]
    assert seen == READ.keys() - {absent}


def _always(body: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(200, json=body)


def _got(body: Any) -> Callable[[httpx.Request], httpx.Response]:
    def handler(request: httpx.Request) -> httpx.Response:
        refused = httpx.Response(404, json={"type": "error.list", "errors": []})
        return refused if request.method == "POST" else httpx.Response(200, json=body)

    return handler


def _examples(document: Any) -> list[tuple[str, Any]]:
    found = []
    for path, operations in document["paths"].items():
        for method in operations.keys() & {"get", "post"}:
            operation = operations[method]
            name = f"{method.upper()} {path.replace('{admin_id}', '{id}')}"
            answer = operation.get("responses", {}).get("200", {})
            for media in answer.get("content", {}).values():
                found += [(name, e["value"]) for e in media.get("examples", {}).values()]
    return found
