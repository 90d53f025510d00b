import httpx
import pytest

from tests.sandbox.conftest import Connect, error_code


def names(client: httpx.Client) -> list[str]:
    return [secret["name"] for secret in client.get("/secure_mode_secrets").json()["data"]]


def newest_type(client: httpx.Client) -> str:
    query = {"created_at_after": 0, "per_page": 1}
    rows = client.get("/admins/activity_logs", params=query).json()["activity_logs"]
    return str(rows[0]["activity_type"])


def test_an_identity_secret_is_shown_once_and_lives_beside_the_old_one(connect: Connect) -> None:
    client = connect("Preview")
    made = client.post("/secure_mode_secrets", json={"name": "New", "supports_web": True})
    assert made.status_code == 201
    assert len(made.json()["secret"]) == 43
    assert names(client) == ["Production web", "New"]
    assert made.json()["secret"] not in client.get("/secure_mode_secrets").text
    assert newest_type(client) == "messenger_api_secret_creation"


def test_two_identity_secrets_differ(connect: Connect) -> None:
    client = connect("Preview")
    made = [client.post("/secure_mode_secrets", json={"name": "New"}).json() for _ in range(2)]
    assert made[0]["secret"] != made[1]["secret"]


def test_a_deleted_identity_secret_is_gone(connect: Connect) -> None:
    client = connect("Preview")
    (old,) = client.get("/secure_mode_secrets").json()["data"]
    answer = client.delete(f"/secure_mode_secrets/{old['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert names(client) == []
    assert newest_type(client) == "messenger_api_secret_deletion"
    again = client.delete(f"/secure_mode_secrets/{old['id']}")
    assert error_code(again) == "identity_verification_secret_not_found"


def test_the_allowlist_can_be_set_where_one_stays_inside(connect: Connect) -> None:
    client = connect()
    wanted = {"enabled": True, "ip_allowlist": ["127.0.0.1", "192.0.2.0/24"]}
    assert client.put("/ip_allowlist", json=wanted).json() == {"type": "ip_allowlist"} | wanted
    assert client.get("/ip_allowlist").json()["ip_allowlist"] == wanted["ip_allowlist"]
    assert newest_type(client) == "security_settings_change"


@pytest.mark.parametrize("entries", [["192.0.2.1"], ["nonsense"], ["::1"], [7.5], 7])
def test_the_allowlist_refuses_what_would_lock_out_or_is_no_ipv4(
    entries: object, connect: Connect
) -> None:
    client = connect()
    before = client.get("/ip_allowlist").json()
    answer = client.put("/ip_allowlist", json={"enabled": True, "ip_allowlist": entries})
    assert (answer.status_code, error_code(answer)) == (422, "parameter_invalid")
    assert client.get("/ip_allowlist").json() == before


def test_headers_of_a_connector_are_listed_without_their_values(connect: Connect) -> None:
    client = connect()
    headers = [{"name": "Authorization", "value": "Bearer visible"}]
    made = client.post("/data_connectors", json={"name": "New", "headers": headers}).json()
    shown = client.get(f"/data_connectors/{made['id']}")
    assert shown.json()["headers"] == [{"name": "Authorization", "value": "****"}]
    assert "visible" not in shown.text
