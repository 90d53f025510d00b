"""Every error response of the sandbox, against Intercom's own description of its API."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.contract.calls import ABSENT, COMPANY, Case, first
from tests.contract.conftest import FILES, Connect
from tests.contract.description import Description
from tests.contract.test_description import CALLS, ENDPOINT

if TYPE_CHECKING:
    import httpx

LOOKUPS = [p for p in CALLS if ENDPOINT[p.id.partition(" ")[2]].lookup]  # type: ignore[union-attr]
# Routes whose description has no 404. Their absent ids must be answered somehow; a probe must not
# build on it.
NO_DESCRIBED_404 = {
    "GET /contacts/{id}",
    "GET /contacts/find_by_external_id/{id}",
    "PUT /contacts/{id}",
    "DELETE /contacts/{id}",
    "POST /contacts/{id}/archive",
    "POST /contacts/{id}/unarchive",
    "DELETE /conversations/{id}",
    "GET /ai/content_import_sources/{id}",
    "GET /ai/external_pages/{id}",
    "DELETE /ai/external_pages/{id}",
    "GET /ticket_types/{id}",
}


def error_of(answer: httpx.Response) -> dict[str, Any]:
    """The one error of an answer that is an error list."""
    body = answer.json()
    assert body["type"] == "error.list"
    uuid.UUID(body["request_id"])
    assert answer.headers["X-Request-Id"] == body["request_id"]
    (error,) = body["errors"]
    return dict(error)


@pytest.mark.parametrize(("version", "case"), CALLS)
def test_unknown_token_is_refused_as_described(
    version: str, case: Case, description: Description, connect: Connect
) -> None:
    bare = Case(case.route)
    answer = bare.send(connect(version), Authorization="Bearer nobody")
    assert answer.status_code == 401
    assert error_of(answer) == {"code": "unauthorized", "message": "Access Token Invalid"}
    assert description.schema_complaints("error", answer.json()) == []
    if 401 in description.statuses(case.method, case.path):
        assert description.codes(case.method, case.path, 401) <= {
            "unauthorized",
            "token_unauthorized",  # the merge of conversations alone shows it
        }


@pytest.mark.parametrize(("version", "case"), CALLS)
def test_missing_scope_is_refused_in_both_shapes(
    version: str, case: Case, description: Description, hub: httpx.Client, connect: Connect
) -> None:
    bare, client = Case(case.route), connect(version, scopes=())
    for shape, code in ((403, "forbidden"), (401, "token_unauthorized")):
        hub.put("/behaviours", json={"missing_scope_shape": shape})
        answer = bare.send(client)
        assert (answer.status_code, error_of(answer)["code"]) == (shape, code)
        assert description.schema_complaints("error", answer.json()) == []


@pytest.mark.parametrize(("version", "case"), LOOKUPS)
def test_absent_id_is_refused_as_described(
    version: str, case: Case, description: Description, connect: Connect
) -> None:
    answer = case.send(connect(version), id_=ABSENT)
    assert answer.status_code == 404
    assert description.schema_complaints("error", answer.json()) == []
    described = 404 in description.statuses(case.method, case.path)
    assert described == (case.route not in NO_DESCRIBED_404)
    if described:
        assert error_of(answer)["code"] in description.codes(case.method, case.path, 404)


class Bad(NamedTuple):
    """A call that is refused for what it says."""

    route: str
    status: int
    code: str
    body: Any = None
    query: dict[str, Any] = {}  # noqa: RUF012 - never changed
    prepare: Callable[[httpx.Client], str] | None = None


TWIN = {"name": "The One Ring!", "model": "contact", "data_type": "string"}
BAD = (
    Bad("PUT /admins/{id}/away", 400, "parameter_invalid", {}, prepare=first("/admins", "admins")),
    Bad("POST /tags", 400, "parameter_invalid", {}),
    Bad("POST /tags", 400, "parameter_invalid", {"name": ""}),
    Bad("POST /data_attributes", 400, "parameter_invalid", TWIN),
    Bad("POST /messages", 400, "parameter_invalid", {"message_type": "inapp"}),
    Bad("POST /articles", 400, "parameter_not_found", {"title": "No author"}),
    Bad("POST /companies", 400, "bad_request", {"name": "No id"}),
    Bad("GET /companies", 404, "company_not_found", query={"company_id": "absent"}),
    Bad("POST /conversations", 404, "not_found", {"from": {"id": ABSENT}, "body": "?"}),
    Bad("POST /contacts/search", 400, "invalid_sort_order", {"sort": {"order": "desc"}}),
    Bad("GET /data_connectors", 400, "client_error", query={"starting_after": "nonsense"}),
    Bad(
        "GET /data_connectors/{id}/execution_results",
        400,
        "parameter_invalid",
        query={"error_type": "none"},
        prepare=first("/data_connectors"),
    ),
    Bad("POST /data_connectors", 422, "parameter_not_found", {"http_method": "get"}),
    Bad("POST /data_connectors", 422, "parameter_invalid", {"name": "x", "audiences": ["all"]}),
    Bad(
        "PATCH /data_connectors/{id}",
        422,
        "parameter_invalid",
        {"state": "gone"},
        prepare=first("/data_connectors"),
    ),
    Bad("DELETE /data_connectors/{id}", 409, "conflict", prepare=first("/data_connectors")),
    Bad(
        "PUT /ip_allowlist",
        422,
        "parameter_invalid",
        {"enabled": True, "ip_allowlist": ["192.0.2.1"]},
    ),
    Bad("POST /secure_mode_secrets", 422, "parameter_invalid", {"supports_web": True}),
)


@pytest.mark.parametrize(
    ("version", "bad"),
    [
        pytest.param(version, bad, id=f"{version} {bad.route} {bad.status} {number}")
        for version in FILES
        for number, bad in enumerate(BAD)
        if ENDPOINT[bad.route].exists_in(version)
    ],
)
def test_bad_input_is_refused_as_described(
    version: str, bad: Bad, description: Description, connect: Connect
) -> None:
    case = Case(bad.route, bad.query, bad.body, bad.prepare)
    answer = case.send(connect(version))
    assert (answer.status_code, error_of(answer)["code"]) == (bad.status, bad.code)
    assert bad.code in description.codes(case.method, case.path, bad.status)
    assert description.complaints(case.method, case.path, bad.status, answer.json()) == []


@pytest.mark.parametrize(
    ("version", "path"),
    [
        ("2.13", "/ip_allowlist"),
        ("Preview", "/ip_allowlist"),
        ("2.16", "/secure_mode_secrets"),
        ("2.15", "/admins/activity_log_event_types"),
    ],
)
def test_a_resource_outside_its_versions_is_refused(
    version: str, path: str, connect: Connect
) -> None:
    answer = connect(version).get(path)
    expected = "Requested resource is not available in current API version."
    assert (answer.status_code, error_of(answer)) == (
        400,
        {"code": "intercom_version_invalid", "message": expected},
    )


@pytest.mark.parametrize("version", FILES)
def test_plan_restriction_is_refused_as_described(
    version: str, description: Description, hub: httpx.Client, connect: Connect
) -> None:
    hub.put("/behaviours", json={"plan_restricted": ["GET /conversations"]})
    answer = connect(version).get("/conversations")
    assert (answer.status_code, error_of(answer)["code"]) == (403, "api_plan_restricted")
    assert description.codes("GET", "/conversations", 403) == {"api_plan_restricted"}


@pytest.mark.parametrize("version", FILES)
def test_rate_limit_is_refused_as_described(
    version: str, description: Description, hub: httpx.Client, connect: Connect
) -> None:
    hub.put("/rate_limit", json={"app": 1, "workspace": 100, "window": 3600})
    client = connect(version)
    assert client.get("/me").status_code == 200
    answer = client.get("/me")
    assert (answer.status_code, error_of(answer)["code"]) == (429, "rate_limit_exceeded")
    assert description.schema_complaints("error", answer.json()) == []
    assert answer.headers["X-RateLimit-Remaining"] == "0"


def test_companies_of_the_demo_can_be_asked_for_one_by_one(connect: Connect) -> None:
    client = connect("2.16")
    company = client.get(f"/companies/{COMPANY(client)}").json()
    found = client.get("/companies", params={"company_id": company["company_id"]})
    assert found.json() == company
