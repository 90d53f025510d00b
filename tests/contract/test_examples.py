"""The request examples of Intercom's description work against the sandbox."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contract.calls import CONTACT, CONVERSATION
from tests.contract.conftest import FILES, Connect
from tests.contract.description import Description


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
