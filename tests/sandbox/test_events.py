from typing import Any

import httpx
import pytest

from helpers.sandbox.seeds import MIRROR_CONTACT
from tests.sandbox.conftest import Connect, error_code

NOW = 1_772_442_000
EVENT = {"event_name": "audit", "created_at": NOW, "user_id": MIRROR_CONTACT}


def kept(client: httpx.Client) -> list[Any]:
    """The events of the mirror's contact, newest first."""
    query: dict[str, str | int] = {"type": "user", "user_id": MIRROR_CONTACT, "per_page": 150}
    events: list[Any] = client.get("/events", params=query).json()["events"]
    return events


def test_an_event_is_taken_with_an_empty_answer(connect: Connect) -> None:
    client = connect()
    answer = client.post("/events", json=EVENT | {"metadata": {"seq": "1"}})
    assert (answer.status_code, answer.content) == (202, b"")
    (event,) = kept(client)
    assert (event["event_name"], event["metadata"]) == ("audit", {"seq": "1"})


def test_the_second_of_two_events_in_a_second_is_lost_though_taken(connect: Connect) -> None:
    client = connect()
    for seq in ("1", "2"):
        assert client.post("/events", json=EVENT | {"metadata": {"seq": seq}}).status_code == 202
    assert [event["metadata"]["seq"] for event in kept(client)] == ["1"]


def test_another_name_second_or_contact_is_another_event(connect: Connect) -> None:
    client = connect()
    for other in ({}, {"event_name": "other"}, {"created_at": NOW - 1}):
        client.post("/events", json=EVENT | other)
    client.post("/events", json=EVENT | {"user_id": "customer-1"})
    assert len(kept(client)) == 3


def test_more_than_ten_keys_of_metadata_are_dropped(connect: Connect) -> None:
    client = connect()
    metadata = {f"key{number:02}": "x" for number in range(12)}
    client.post("/events", json=EVENT | {"metadata": metadata})
    assert list(kept(client)[0]["metadata"]) == list(metadata)[:10]


@pytest.mark.parametrize("value", [{"deep": {"er": 1}}, ["a"], {"a": 1}])
def test_nested_metadata_is_refused(value: Any, connect: Connect) -> None:
    answer = connect().post("/events", json=EVENT | {"metadata": {"key": value}})
    assert (answer.status_code, error_code(answer)) == (400, "parameter_invalid")


@pytest.mark.parametrize(
    "value", [{"amount": 300, "currency": "eur"}, {"url": "https://e.example", "value": "x"}]
)
def test_the_documented_rich_values_are_no_nesting(value: Any, connect: Connect) -> None:
    answer = connect().post("/events", json=EVENT | {"metadata": {"key": value}})
    assert answer.status_code == 202


@pytest.mark.parametrize("contact", [{}, {"user_id": "nobody"}, {"email": "x@example.com"}])
def test_an_event_of_nobody_is_404(contact: dict[str, str], connect: Connect) -> None:
    event = {"event_name": "audit", "created_at": NOW}
    answer = connect().post("/events", json=event | contact)
    assert (answer.status_code, error_code(answer)) == (404, "not_found")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"event_name": ""}, "parameter_not_found"),
        ({"created_at": "now"}, "parameter_invalid"),
        ({"created_at": None}, "parameter_invalid"),
        ({"metadata": "x"}, "parameter_invalid"),
    ],
)
def test_an_event_without_its_parts_is_refused(
    change: dict[str, Any], code: str, connect: Connect
) -> None:
    answer = connect().post("/events", json=EVENT | change)
    assert (answer.status_code, error_code(answer)) == (400, code)


def test_a_contact_is_named_by_id_user_id_or_email(connect: Connect) -> None:
    client = connect()
    contact = client.get(f"/contacts/find_by_external_id/{MIRROR_CONTACT}").json()
    event = {"created_at": NOW}
    for name, value in (("id", contact["id"]), ("email", contact["email"])):
        client.post("/events", json=event | {"event_name": name, name: value})
    assert {event["event_name"] for event in kept(client)} == {"id", "email"}


def test_events_of_more_than_90_days_ago_are_counted_but_not_listed(connect: Connect) -> None:
    client = connect()
    client.post("/events", json=EVENT)
    client.post("/events", json=EVENT | {"created_at": NOW - 91 * 86_400})
    assert len(kept(client)) == 1
    query = {"type": "user", "user_id": MIRROR_CONTACT, "summary": "true"}
    (summary,) = client.get("/events", params=query).json()["events"]
    assert (summary["name"], summary["count"]) == ("audit", 2)


def test_the_events_of_nobody_can_not_be_listed(connect: Connect) -> None:
    assert connect().get("/events", params={"type": "user"}).status_code == 404
