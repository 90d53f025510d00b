"""What is written is there afterwards, and what is deleted is not."""

import pytest

from tests.contract.calls import CONTACT, CONVERSATION
from tests.sandbox.conftest import Connect, error_code


def test_a_contact_is_made_changed_and_deleted(connect: Connect) -> None:
    client = connect()
    made = client.post("/contacts", json={"email": "ada@customers.example.org"}).json()
    client.put(f"/contacts/{made['id']}", json={"name": "Ada", "custom_attributes": {"plan": "x"}})
    found = client.get(f"/contacts/{made['id']}").json()
    assert (found["name"], found["custom_attributes"]) == ("Ada", {"plan": "x"})
    assert found["email_domain"] == "customers.example.org"
    client.delete(f"/contacts/{made['id']}")
    assert client.get(f"/contacts/{made['id']}").status_code == 404


@pytest.mark.parametrize("twin", [{"external_id": "customer-1"}, {"email": "ada@example.org"}])
def test_a_contact_is_not_made_twice(twin: dict[str, str], connect: Connect) -> None:
    client = connect()
    client.post("/contacts", json={"email": "ada@example.org"})
    answer = client.post("/contacts", json={"role": "user"} | twin)
    assert (answer.status_code, error_code(answer)) == (409, "conflict")


def test_a_contact_needs_a_name_of_some_kind(connect: Connect) -> None:
    client = connect()
    assert error_code(client.post("/contacts", json={"name": "x"})) == "parameter_not_found"
    assert error_code(client.post("/contacts", json=["x"])) == "parameter_invalid"


def test_a_company_is_found_by_its_own_id_and_saved_over(connect: Connect) -> None:
    client = connect()
    one = client.post("/companies", json={"company_id": "c", "name": "One"}).json()
    two = client.post("/companies", json={"company_id": "c", "name": "Two"}).json()
    assert one["id"] == two["id"]
    assert client.get("/companies", params={"company_id": "c"}).json()["name"] == "Two"
    client.delete(f"/companies/{one['id']}")
    assert error_code(client.get(f"/companies/{one['id']}")) == "company_not_found"


def test_a_reply_becomes_a_part_of_its_conversation(connect: Connect) -> None:
    client = connect()
    id_ = CONVERSATION(client)
    client.post(f"/conversations/{id_}/reply", json={"body": "Hi", "type": "admin"})
    parts = client.get(f"/conversations/{id_}").json()["conversation_parts"]
    assert [part["body"] for part in parts["conversation_parts"]] == ["<p>Hi</p>"]


def test_a_contact_starts_a_conversation(connect: Connect) -> None:
    client = connect()
    body = {"from": {"type": "user", "id": CONTACT(client)}, "body": "Hello"}
    message = client.post("/conversations", json=body).json()
    found = client.get(f"/conversations/{message['conversation_id']}").json()
    assert found["source"]["body"] == "<p>Hello</p>"
    client.put(f"/conversations/{found['id']}", json={"title": "Greeting"})
    assert client.get(f"/conversations/{found['id']}").json()["title"] == "Greeting"


def test_a_tag_is_made_once_and_renamed(connect: Connect) -> None:
    client = connect()
    one = client.post("/tags", json={"name": "new"}).json()
    assert client.post("/tags", json={"name": "new"}).json() == one
    client.post("/tags", json={"name": "newer", "id": one["id"]})
    assert client.get(f"/tags/{one['id']}").json()["name"] == "newer"


def test_an_article_is_changed(connect: Connect) -> None:
    client = connect()
    made = client.post("/articles", json={"title": "One", "author_id": 1}).json()
    client.put(f"/articles/{made['id']}", json={"title": "Two"})
    assert client.get(f"/articles/{made['id']}").json()["title"] == "Two"


def test_a_live_connector_is_drafted_before_it_is_deleted(connect: Connect) -> None:
    client = connect()
    id_ = client.get("/data_connectors").json()["data"][0]["id"]
    assert error_code(client.delete(f"/data_connectors/{id_}")) == "conflict"
    client.patch(f"/data_connectors/{id_}", json={"state": "draft"})
    assert client.delete(f"/data_connectors/{id_}").is_success
    assert error_code(client.get(f"/data_connectors/{id_}")) == "data_connector_not_found"


def test_an_attribute_belongs_to_contacts_or_companies(connect: Connect) -> None:
    body = {"name": "size", "model": "conversation", "data_type": "string"}
    assert error_code(connect().post("/data_attributes", json=body)) == "parameter_invalid"


def test_a_second_export_waits_for_the_first(connect: Connect) -> None:
    client = connect()
    assert client.post("/export/content/data", json={}).json()["status"] == "pending"
    assert client.post("/export/content/data", json={}).status_code == 429


def test_a_teammate_is_set_away(connect: Connect) -> None:
    client = connect()
    id_ = client.get("/admins").json()["admins"][0]["id"]
    body = {"away_mode_enabled": True, "away_mode_reassign": False}
    client.put(f"/admins/{id_}/away", json=body)
    assert client.get(f"/admins/{id_}").json()["away_mode_enabled"] is True
