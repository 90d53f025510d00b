"""Every successful response of the sandbox, against Intercom's own description of its API."""

from __future__ import annotations

import re

import pytest

from helpers.sandbox.api import ENDPOINTS, Router
from tests.conftest import HOME
from tests.contract.calls import CASES, Case
from tests.contract.conftest import FILES, Connect
from tests.contract.description import Description, bare, load

ENDPOINT = {endpoint.route: endpoint for endpoint in ENDPOINTS}
# Where the description's schemas and its own examples, or Intercom's pages, differ, the sandbox
# follows the latter: what complaint, and why.
DIFFERENCES = (
    (
        r"^(data/\d+/)?(tags|notes|companies|social_profiles): .*\('type' was unexpected\)",
        "the examples of contacts give these lists a type, their schemas do not",
    ),
    (r"^app: .*\('secure' was unexpected\)", "in the examples of /me only"),
    (
        r"^(data/\d+/)?ticket_type_attributes: .*\('data' was unexpected\)",
        "the examples call the list data, the schema calls it ticket_type_attributes",
    ),
    (
        r"^activity_logs/\d+/activity_type: '\w+' is not one of",
        "the set is open: Preview's list lacks 41 types of 2.16, and real payloads have others",
    ),
    (
        r"^: .*\('job_identifier' was unexpected\)",
        "Preview's schema misspells it job_identfier, its example does not",
    ),
)
CALLS = [
    pytest.param(version, case, id=f"{version} {case.route}")
    for version in FILES
    for case in CASES
    if ENDPOINT[case.route].exists_in(version)
]


def unexplained(complaints: list[str]) -> list[str]:
    """The complaints that no difference explains."""
    return [c for c in complaints if not any(re.match(pattern, c) for pattern, _ in DIFFERENCES)]


def test_every_endpoint_is_called() -> None:
    assert {case.route for case in CASES} == set(ENDPOINT)


@pytest.mark.parametrize("version", FILES.values())
def test_no_operation_is_taken_for_another_one_with_an_id(version: str) -> None:
    router = Router(ENDPOINTS)
    served = 0
    described = [
        (method.upper(), path)
        for path, operations in load(version).document["paths"].items()
        for method in operations.keys() & {"get", "post", "put", "patch", "delete"}
    ]
    for method, path in described:
        found = router.find(method, re.sub(r"\{\w+\}", "7", path))
        served += found is not None
        assert found is None or bare(found[0].path) == bare(path)
    if version == "2.16":
        page = (HOME / "docs" / "sandbox.md").read_text("utf-8")
        assert f"It serves {served} of the {len(described)} operations of version 2.16" in page


@pytest.mark.parametrize(("version", "case"), CALLS)
def test_success_is_as_described(
    version: str, case: Case, description: Description, connect: Connect
) -> None:
    answer = case.send(connect(version))
    assert answer.is_success, answer.text
    assert answer.status_code in description.statuses(case.method, case.path)
    body = answer.json() if answer.content else None
    complaints = description.complaints(case.method, case.path, answer.status_code, body)
    assert unexplained(complaints) == []


@pytest.mark.parametrize("version", FILES)
def test_the_validation_itself_finds_an_invented_field(
    description: Description, connect: Connect
) -> None:
    body = connect("2.16").get("/admins").json()
    body["admins"][0]["two_factor"] = True
    assert description.complaints("GET", "/admins", 200, body) == [
        "admins/0: Additional properties are not allowed ('two_factor' was unexpected)"
    ]


@pytest.mark.parametrize("version", FILES)
def test_the_validation_itself_finds_a_wrong_type(
    description: Description, connect: Connect
) -> None:
    body = connect("2.16").get("/admins").json()
    body["admins"][0]["id"] = 7
    complaints = description.complaints("GET", "/admins", 200, body)
    assert complaints == ["admins/0/id: 7 is not of type 'string'"]


@pytest.mark.parametrize("version", FILES)
def test_events_of_a_contact_are_a_list_as_the_documentation_says(
    version: str, description: Description, connect: Connect
) -> None:
    # the description knows only the summary as an answer; the list is a schema of its own
    client = connect(version)
    event = {"event_name": "audit", "user_id": "runbook-audit", "metadata": {"seq": "1"}}
    for second in range(3):
        client.post("/events", json=event | {"created_at": 1_772_440_000 + second})
    asked: dict[str, str | int] = {"type": "user", "user_id": "runbook-audit", "per_page": 2}
    newest = client.get("/events", params=asked).json()
    oldest = client.get(newest["pages"]["next"]).json()
    times = [[e["created_at"] - 1_772_440_000 for e in page["events"]] for page in (newest, oldest)]
    assert times == [[2, 1], [0]]
    assert description.schema_complaints("data_event_list", newest) == []
    assert description.schema_complaints("data_event_list", oldest) == []
