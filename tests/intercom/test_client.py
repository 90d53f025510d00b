from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from helpers.core.errors import (
    ConfigurationError,
    ForbiddenCallError,
    IntercomError,
    UnreachableError,
    UnreadableAnswerError,
)
from helpers.core.model import Known, Partial
from helpers.core.policy import Limits
from helpers.core.settings import Profile, load_settings
from helpers.intercom.calls import AUDIT_CALLS, call_named
from helpers.intercom.client import Client
from tests.intercom.conftest import BASE, client_of, refusal

PERIOD = datetime(2026, 3, 1, tzinfo=UTC)
AT = int(PERIOD.timestamp())
ME = {"type": "admin", "id": "1", "app": {"id_code": "abc"}}


def row(name: str) -> dict[str, Any]:
    return {"id": name, "created_at": AT, "activity_type": "app_name_change"}


def scripted(*answers: httpx.Response | Exception) -> Callable[[httpx.Request], httpx.Response]:
    """Give these answers one after the other; a call too many is an error of the test."""
    waiting: Iterator[httpx.Response | Exception] = iter(answers)

    def handler(request: httpx.Request) -> httpx.Response:
        came = next(waiting)
        if isinstance(came, Exception):
            raise came
        return came

    return handler


def test_every_request_carries_token_version_and_accept() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=ME)

    assert client_of(handler, version="2.15").me().id == "1"
    headers = seen[0].headers
    assert headers["Authorization"] == "Bearer not-a-token"
    assert headers["Intercom-Version"] == "2.15"
    assert headers["Accept"] == "application/json"
    assert headers["User-Agent"] == "intercom-security-runbook"


def test_a_preview_call_asks_for_preview_whatever_the_version() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.headers["Intercom-Version"] == "Preview"
        return httpx.Response(200, json={"data": [{"id": "102", "created_at": AT}]})

    assert [secret.id for secret in client_of(handler).identity_secrets()] == ["102"]


@pytest.mark.parametrize(
    ("said", "shown"), [("1.0", "1.0"), ("Preview", "Preview"), ("2.16\x1b[31m", "unreadable")]
)
def test_an_answer_that_names_another_version_is_not_used(said: str, shown: str) -> None:
    other = httpx.Response(200, json=ME, headers={"Intercom-Version": said})
    with pytest.raises(UnreadableAnswerError, match=r"where 2\.16 was asked for") as caught:
        client_of(scripted(other)).me()
    assert shown in str(caught.value)
    assert said == shown or said not in str(caught.value)


def test_an_answer_that_names_its_version_or_none_is_used() -> None:
    for headers in ({}, {"Intercom-Version": "2.16"}, {"X-Intercom-Version": "0eab9e12"}):
        answer = httpx.Response(200, json=ME, headers=headers)
        assert client_of(scripted(answer)).me().id == "1"


def test_an_error_is_an_error_whatever_version_it_names() -> None:
    refused = refusal(403, "forbidden")
    refused.headers["Intercom-Version"] = "1.0"
    with pytest.raises(IntercomError, match="forbidden"):
        client_of(scripted(refused)).me()


def test_the_path_prefix_of_the_base_stays() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "http://127.0.0.1:9/w/one/me"
        return httpx.Response(200, json=ME)

    client_of(handler, base_url="http://127.0.0.1:9/w/one/").me()


@pytest.mark.parametrize(
    ("status", "code"), [(401, "token_unauthorized"), (403, "forbidden"), (404, "not_found")]
)
def test_an_error_of_intercom_keeps_code_status_call_and_request_id(status: int, code: str) -> None:
    with pytest.raises(IntercomError) as caught:
        client_of(scripted(refusal(status, code, "tell nobody"))).admins().read()
    error = caught.value
    assert (error.status, error.code, error.call, error.request_id) == (
        status,
        code,
        "GET /admins",
        "r-1",
    )
    assert "tell nobody" not in str(error)
    assert error.advice


def test_call_returns_errors_and_does_not_raise() -> None:
    answer = client_of(scripted(refusal(403, "forbidden"))).call(call_named("GET /tags"))
    assert (answer.status, answer.code, answer.ok) == (403, "forbidden", False)


@pytest.mark.parametrize("body", ["[]", '"x"', "null", '{"errors": [1]}', '{"errors": {}}'])
def test_an_error_of_an_odd_shape_has_no_code(body: str) -> None:
    headers = {"X-Request-Id": "r-2"}
    answer = client_of(scripted(httpx.Response(400, text=body, headers=headers))).get("/me")
    assert (answer.code, answer.request_id) == ("", "r-2")


def test_half_a_json_body_is_no_answer() -> None:
    headers = {"Content-Type": "application/json"}
    with pytest.raises(UnreachableError, match="not whole JSON"):
        client_of(scripted(httpx.Response(200, text='{"id": "1', headers=headers))).me()


def test_an_html_error_page_is_an_error_without_a_code() -> None:
    with pytest.raises(IntercomError, match="404"):
        client_of(scripted(httpx.Response(404, text="<html>"))).me()


def test_a_rate_limited_call_is_made_again_three_times() -> None:
    limited = [refusal(429, "rate_limit_exceeded") for _ in range(3)]
    assert client_of(scripted(*limited, httpx.Response(200, json=ME))).me()


def test_a_call_limited_for_good_ends_as_an_error() -> None:
    limited = [refusal(429, "rate_limit_exceeded") for _ in range(4)]
    with pytest.raises(IntercomError) as caught:
        client_of(scripted(*limited)).me()
    assert caught.value.code == "rate_limit_exceeded"


def test_a_server_error_is_tried_again_once() -> None:
    good = httpx.Response(200, json=ME)
    assert client_of(scripted(httpx.Response(502), good)).me().id == "1"
    with pytest.raises(IntercomError, match="503"):
        client_of(scripted(httpx.Response(502), httpx.Response(503))).me()


def test_a_write_is_not_repeated_after_a_server_error_or_a_lost_connection() -> None:
    with pytest.raises(IntercomError, match="502"):
        client_of(scripted(httpx.Response(502)), acts=["mirror"]).create_event({})
    with pytest.raises(UnreachableError):
        client_of(scripted(httpx.ReadError("gone")), acts=["mirror"]).create_event({})


def test_a_write_that_was_rate_limited_is_repeated() -> None:
    answers = scripted(refusal(429, "rate_limit_exceeded"), httpx.Response(202))
    client_of(answers, acts=["mirror"]).create_event({"event_name": "x"})


def test_a_lost_connection_is_tried_again_once() -> None:
    good = httpx.Response(200, json=ME)
    assert client_of(scripted(httpx.ReadError("gone"), good)).me().id == "1"
    with pytest.raises(UnreachableError, match="broke off"):
        client_of(scripted(httpx.ReadError("gone"), httpx.ReadError("gone"))).me()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (httpx.ConnectTimeout("t"), "took too long"),
        (httpx.RemoteProtocolError("p"), "broke off"),
        (httpx.ConnectError("c"), "connection failed"),
    ],
)
def test_a_failure_to_connect_says_which_link_broke(error: httpx.TransportError, said: str) -> None:
    with pytest.raises(UnreachableError, match=said):
        client_of(scripted(error, error)).me()


def test_a_closed_port_is_a_refused_connection(unused_port: int) -> None:
    with (
        Client(SecretStr("not-a-token"), f"http://127.0.0.1:{unused_port}") as client,
        pytest.raises(UnreachableError, match="refused"),
    ):
        client.me()


def test_a_name_that_does_not_exist_is_said_to() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        import socket

        raise httpx.ConnectError("x") from socket.gaierror(-2, "unknown")

    with pytest.raises(UnreachableError, match="resolved"):
        client_of(handler).me()


def test_a_client_without_acts_refuses_every_write_before_it_is_sent() -> None:
    client = client_of(scripted())
    for call in AUDIT_CALLS:
        if not call.reads:
            ids = ["1"] * call.route.count("{")
            with pytest.raises(ForbiddenCallError):
                client.call(call, *ids)


def test_a_query_that_is_not_listed_is_refused() -> None:
    with pytest.raises(ForbiddenCallError):
        client_of(scripted()).get("/me", {"retain_metrics": "false"})


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    moved = httpx.Response(302, headers={"Location": "https://elsewhere.example/me"})
    with pytest.raises(IntercomError, match="302") as caught:
        client_of(scripted(moved)).me()
    assert "redirect" in caught.value.advice


def test_activity_logs_come_page_by_page() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        assert asked["created_at_after"] == AT
        logs, pages = [row(str(asked["page"]))], {"page": asked["page"], "total_pages": 3}
        return httpx.Response(200, json={"activity_logs": logs, "pages": pages})

    found = client_of(handler).activity_logs(PERIOD).read()
    assert isinstance(found, Known)
    assert [log.id for log in found.value] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "forbidden"), (404, "not_found"), (400, "intercom_version_invalid")],
)
def test_activity_logs_are_got_where_the_search_is_refused(status: int, code: str) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return refusal(status, code)
        pages = {"page": int(request.url.params["page"]), "total_pages": 2}
        logs = [row(f"{pages['page']}"), {**row(f"{pages['page']}b"), "activity_type": "other"}]
        return httpx.Response(200, json={"activity_logs": logs, "pages": pages})

    found = client_of(handler).activity_logs(PERIOD, event_types=["app_name_change"])
    assert [log.id for log in found.whole()] == ["1", "2"]


def test_activity_logs_of_some_kinds_are_searched_for() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert (request.method, request.url.path) == ("POST", "/admins/activity_logs/search")
        assert b'"event_types":["admin_login","macro_update"]' in request.content
        assert b'"created_at_before"' in request.content
        found = row("1") | {"activity_type": "macro_update"}
        body = {"activity_logs": [found], "pages": {"page": 1, "total_pages": 1}}
        return httpx.Response(200, json=body)

    kinds = ["macro_update", "admin_login"]
    found = client_of(handler).activity_logs(PERIOD, PERIOD, event_types=kinds)
    assert [log.id for log in found.whole()] == ["1"]


def test_data_connectors_are_paged_by_cursor() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        after = request.url.params.get("starting_after")
        following = {"next": None} if after else {"next": {"starting_after": "cursor"}}
        return httpx.Response(200, json={"data": [{"id": after or "first"}], "pages": following})

    found = client_of(handler).data_connectors()
    assert [one.id for one in found.whole()] == ["first", "cursor"]


def test_a_list_of_too_many_pages_is_not_passed_off_as_whole() -> None:
    numbers = count(1)

    def handler(request: httpx.Request) -> httpx.Response:
        number = str(next(numbers))
        more = {"total_pages": 3, "next": {"starting_after": number}}
        body = {"activity_logs": [row(number)], "data": [{"id": number}], "pages": more}
        return httpx.Response(200, json=body)

    client = client_of(handler, limits=Limits(pages=2))
    for listing in (client.activity_logs(PERIOD), client.data_connectors()):
        found = listing.read()
        assert isinstance(found, Partial)
        assert len(found.value) == 2
        assert "stopped after 2 pages (`limits.pages` in policy.toml)" in found.reason


def test_a_profile_without_the_variable_says_which_and_what_to_do(tmp_path: Path) -> None:
    settings = load_settings(Profile.PRODUCTION, tmp_path, environ={})
    with pytest.raises(ConfigurationError, match="INTERCOM_READ_TOKEN") as caught:
        Client.from_settings(settings, variable="INTERCOM_READ_TOKEN")
    assert "runbook init" in caught.value.advice


def test_a_token_with_a_line_break_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Client(SecretStr("abc\nX-Evil: 1"), BASE)
    assert "abc" not in str(caught.value)


def test_a_client_does_not_show_its_token() -> None:
    assert "not-a-token" not in repr(client_of(scripted()))


def test_importing_the_client_loads_no_web_server() -> None:
    code = "import helpers.intercom.client, sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"starlette", "jinja2"} & set(run.stdout.split())
