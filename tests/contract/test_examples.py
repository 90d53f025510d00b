"""The request examples of Intercom's description work against the sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.contract.calls import ABSENT, CASES, CONNECTOR, CONTACT, CONVERSATION, Case
from tests.contract.conftest import FILES, Connect
from tests.contract.description import Description, load
from tests.contract.test_description import unexplained


def example(description: Description, route: str, name: str) -> dict[str, Any]:
    """A body that the description gives as an example of a call."""
    method, _, path = route.partition(" ")
    media = description.operation(method, path)["requestBody"]["content"]["application/json"]
    return dict(media["examples"][name]["value"])


@pytest.mark.parametrize("version", FILES)
@pytest.mark.parametrize("route", ["POST /contacts/search", "POST /conversations/search"])
def test_a_search_by_a_time_in_text_finds_what_is_newer(
    version: str, route: str, description: Description, connect: Connect
) -> None:
    body = example(description, route, "successful")
    (condition,) = body["query"]["value"]
    assert isinstance(condition["value"], str)
    client = connect(version)
    assert client.post(route.partition(" ")[2], json=body).json()["total_count"] > 20
    condition["value"] = "9999999999"
    assert client.post(route.partition(" ")[2], json=body).json()["total_count"] == 0


def test_a_flag_may_be_searched_for_as_text(connect: Connect) -> None:
    client = connect()
    counts = [
        client.post(
            "/conversations/search",
            json={"query": {"field": "open", "operator": "=", "value": value}},
        ).json()["total_count"]
        for value in ("true", True, "false", False)
    ]
    assert counts == [27, 27, 0, 0]


def last_part(answer: httpx.Response) -> dict[str, Any]:
    return dict(answer.json()["conversation_parts"]["conversation_parts"][-1])


@pytest.mark.parametrize("version", FILES)
def test_a_note_stays_a_note(version: str, description: Description, connect: Connect) -> None:
    client = connect(version)
    body = example(description, "POST /conversations/{id}/reply", "admin_note_reply")
    part = last_part(client.post(f"/conversations/{CONVERSATION(client)}/reply", json=body))
    assert (part["part_type"], part["author"]["type"]) == ("note", "admin")


@pytest.mark.parametrize("version", FILES)
def test_the_reply_of_a_user_is_theirs(
    version: str, description: Description, connect: Connect
) -> None:
    client = connect(version)
    body = example(description, "POST /conversations/{id}/reply", "user_reply")
    body["intercom_user_id"] = CONTACT(client)
    part = last_part(client.post(f"/conversations/{CONVERSATION(client)}/reply", json=body))
    assert (part["part_type"], part["author"]["type"]) == ("comment", "user")
    assert part["author"]["id"] == body["intercom_user_id"]


def test_attributes_of_one_model_are_listed_alone(connect: Connect) -> None:
    rows = connect().get("/data_attributes", params={"model": "company"}).json()["data"]
    assert {row["model"] for row in rows} == {"company"}


@pytest.mark.parametrize("version", ["2.14", "2.15", "2.16"])
def test_the_allowlist_is_in_these_versions(version: str, connect: Connect) -> None:
    assert connect(version).get("/ip_allowlist").is_success


def test_literal_routes_are_not_taken_for_ids(connect: Connect) -> None:
    client = connect()
    found = client.get("/articles/search", params={"phrase": "Delivery"}).json()
    assert [article["title"] for article in found["data"]["articles"]] == ["Delivery times"]
    scroll = client.get("/companies/scroll").json()
    assert len(scroll["data"]) == 4
    again = client.get("/companies/scroll", params={"scroll_param": scroll["scroll_param"]})
    assert again.json()["data"] == []


ROUTES = {case.route: case for case in CASES}
_OBJECT = "update_a_conversation_with_an_association_to_a_custom_object_instance"
# Examples that the sandbox does not answer as documented, and why.
EXCEPT = {
    ("POST /tags", "company_not_found"): "no answer is shown",
    ("POST /tags", "user_not_found"): "no answer is shown",
    ("PUT /companies/{id}", "bad_request"): "no answer is shown",
    ("POST /messages", "admin_whatsapp_message_created"): "no WhatsApp",
    ("POST /messages", "invalid_body_supplied_for_sms_message"): "no SMS",
    ("PUT /conversations/{id}", _OBJECT): "no custom objects",
}
ID = re.compile("[0-9a-f]{24}")


def bodies(description: Description, case: Case) -> dict[str, Any]:
    """The examples of a call's body, by name; none where this version has no such call."""
    try:
        operation = description.operation(case.method, case.path)
    except KeyError:
        return {}
    media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return {name: example["value"] for name, example in media.get("examples", {}).items()}


def requests() -> Iterator[Any]:
    """Every example of a body, for every route that the sandbox serves."""
    for version, file in FILES.items():
        for case in CASES:
            for shown, body in bodies(load(file), case).items():
                if (case.route, shown) not in EXCEPT:
                    label = f"{version} {case.route} {shown}"
                    yield pytest.param(version, case.route, shown, body, id=label)


def expected(description: Description, route: str, shown: str) -> int:
    """The status whose example has the same name as the request's, else the success."""
    method, _, path = route.partition(" ")
    responses = description.operation(method, path)["responses"]
    plain = re.sub(r"\W", "_", shown.lower())
    for status, answer in responses.items():
        media = answer.get("content", {}).get("application/json", {})
        if plain in {re.sub(r"\W", "_", name.lower()) for name in media.get("examples", {})}:
            return int(status)
    return min(map(int, responses))


def of_this_workspace(node: Any, contact: str) -> Any:
    """The same body with ids of contacts that exist here."""
    if isinstance(node, dict):
        return {key: of_this_workspace(value, contact) for key, value in node.items()}
    if isinstance(node, list):
        return [of_this_workspace(value, contact) for value in node]
    return contact if isinstance(node, str) and ID.fullmatch(node) else node


@pytest.mark.parametrize(("version", "route", "shown", "body"), list(requests()))
def test_every_example_of_a_request_is_answered_as_documented(
    *,
    version: str,
    route: str,
    shown: str,
    body: Any,
    description: Description,
    hub: httpx.Client,
    connect: Connect,
) -> None:
    client, case = connect(version), ROUTES[route]
    hub.put("/behaviours", json={"client_ip": "10.0.0.1"})  # the allowlist's example lists it
    if shown in ("same_name_already_exists", "attribute_already_exists"):
        client.post("/data_attributes", json=body | {"model": "company", "data_type": "string"})
    status = expected(description, route, shown)
    id_ = ABSENT if status == 404 else ""
    headers = {"Authorization": "Bearer nobody"} if status == 401 else {}
    sent = replace(case, body=of_this_workspace(body, CONTACT(client)))
    answer = sent.send(client, id_=id_, **headers)
    assert answer.status_code == status, answer.text
    if status >= 400:
        codes = description.codes(case.method, case.path, status)
        assert answer.json()["errors"][0]["code"] in codes
    complaints = description.complaints(case.method, case.path, status, answer.json())
    assert unexplained(complaints) == []


def test_the_exceptions_are_examples_of_the_description() -> None:
    shown = {
        (case.route, name)
        for version in FILES.values()
        for case in CASES
        for name in bodies(load(version), case)
    }
    assert shown >= EXCEPT.keys()


@pytest.mark.parametrize("version", FILES)
def test_a_deleted_conversation_is_listed_among_the_deleted(version: str, connect: Connect) -> None:
    client = connect(version)
    ids = [one["id"] for one in client.get("/conversations").json()["conversations"][:5]]
    for id_ in ids:
        client.delete(f"/conversations/{id_}", params={"retain_metrics": "true"})
    page = client.get("/conversations/deleted", params={"per_page": 2}).json()
    found = list(page["conversations"])
    while following := page["pages"].get("next"):
        page = client.get(following).json()
        found += page["conversations"]
    assert [one["id"] for one in found] == ids
    assert {one["metrics_retained"] for one in found} == {True}
    assert page["total_count"] == 5


@pytest.mark.parametrize(
    "path", ["/companies", "/articles", "/news/news_items", "/ai/external_pages"]
)
def test_the_next_page_of_a_numbered_list_can_be_followed(path: str, connect: Connect) -> None:
    client, description = connect(), load("2.16")
    whole = [row["id"] for row in client.get(path).json()["data"]]
    page = client.get(path, params={"per_page": 1}).json()
    found = [row["id"] for row in page["data"]]
    while following := page["pages"].get("next"):
        assert unexplained(description.complaints("GET", path, 200, page)) == []
        answer = (
            client.get(following)
            if isinstance(following, str)
            else client.get(path, params=following)
        )
        page = answer.json()
        found += [row["id"] for row in page["data"]]
    assert found == whole


def test_calls_of_a_connector_are_listed_by_time_and_result(connect: Connect) -> None:
    client = connect()
    path = f"/data_connectors/{CONNECTOR(client)}/execution_results"
    recent = client.get(path).json()["data"]
    assert [row["success"] for row in recent] == [True]
    assert not recent[0].keys() & {"request_body", "response_body"}
    everything = client.get(path, params={"start_ts": 1, "include_bodies": "true"}).json()["data"]
    assert len(everything) == 2
    assert everything[0].keys() >= {"request_body", "response_body"}
    assert client.get(path, params={"success": "false"}).json()["data"] == []
