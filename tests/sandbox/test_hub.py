from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from helpers.core.model import fingerprint
from helpers.sandbox import Sandbox
from helpers.sandbox.seeds import CLEAN, DEMO
from tests.sandbox.conftest import Connect, client_of, error_code

READ_ME = ["read_single_admin"]


def newest_rows(hub: httpx.Client, count: int) -> list[Any]:
    """The newest types of the activity log, oldest first."""
    app = hub.post("/apps", json={"name": "Reader", "scopes": ["read_admins"]}).json()
    with client_of(hub, app["access_token"]) as client:
        query: dict[str, str | int] = {"created_at_after": 0, "per_page": count + 1}
        rows = client.get("/admins/activity_logs", params=query).json()["activity_logs"]
    return [row["activity_type"] for row in rows[1:]][::-1]


def test_a_new_app_can_do_what_it_was_given_and_no_more(hub: httpx.Client) -> None:
    app = hub.post("/apps", json={"name": "New", "scopes": READ_ME}).json()
    with client_of(hub, app["access_token"]) as client:
        assert client.get("/me").is_success
        assert error_code(client.get("/admins")) == "forbidden"
    assert newest_rows(hub, 1) == ["app_package_installation"]


def test_the_list_of_apps_shows_fingerprints_and_never_a_secret(hub: httpx.Client) -> None:
    made = hub.post("/apps", json={"name": "New"}).json()
    text = hub.get("/apps").text
    assert made["access_token"] not in text
    assert made["client_secret"] not in text
    assert fingerprint("access_token", made["access_token"]) in text


def test_an_apps_own_page_shows_its_secrets_again(hub: httpx.Client) -> None:
    made = hub.post("/apps", json={"name": "New"}).json()
    assert hub.get(f"/apps/{made['id']}/secrets").json() == made
    assert made["access_token"] not in hub.get(f"/apps/{made['id']}").text


def test_a_regenerated_token_replaces_the_old_one_at_once(hub: httpx.Client) -> None:
    old = hub.post("/apps", json={"scopes": READ_ME}).json()
    new = hub.post(f"/apps/{old['id']}/token").json()
    assert new["access_token"] != old["access_token"]
    with client_of(hub, old["access_token"]) as client:
        assert client.get("/me").status_code == 401
    with client_of(hub, new["access_token"]) as client:
        assert client.get("/me").is_success
    assert newest_rows(hub, 1) == ["app_package_token_regeneration"]


def test_an_old_token_lives_through_its_grace_period(hub: httpx.Client) -> None:
    old = hub.post("/apps", json={"scopes": READ_ME}).json()
    hub.post(f"/apps/{old['id']}/token", json={"grace_seconds": 60})
    with client_of(hub, old["access_token"]) as client:
        assert client.get("/me").is_success
        hub.put("/clock", json={"advance": 60})
        assert error_code(client.get("/me")) == "token_revoked"


def test_an_uninstalled_app_has_no_live_token_and_is_not_regenerated(hub: httpx.Client) -> None:
    app = hub.post("/apps", json={"scopes": READ_ME}).json()
    hub.post(f"/apps/{app['id']}/uninstall")
    with client_of(hub, app["access_token"]) as client:
        assert client.get("/me").status_code == 401
    assert newest_rows(hub, 2) == ["oauth_token_revocation", "app_package_uninstallation"]
    refused = hub.post(f"/apps/{app['id']}/token")
    assert (refused.status_code, refused.json()["error"]) == (400, f"{app['name']} is uninstalled")


def test_changed_scopes_apply_at_once_and_regenerate_on_request(hub: httpx.Client) -> None:
    app = hub.post("/apps", json={"scopes": READ_ME}).json()
    with client_of(hub, app["access_token"]) as client:
        hub.put(f"/apps/{app['id']}", json={"scopes": []})
        assert error_code(client.get("/me")) == "forbidden"
        changed = hub.put(f"/apps/{app['id']}", json={"scopes": READ_ME, "regenerate": True}).json()
        assert client.get("/me").status_code == 401
    with client_of(hub, changed["access_token"]) as client:
        assert client.get("/me").is_success


def test_a_new_client_secret_leaves_the_token_alone(hub: httpx.Client) -> None:
    app = hub.post("/apps", json={"scopes": READ_ME}).json()
    changed = hub.post(f"/apps/{app['id']}/client_secret").json()
    assert changed["client_secret"] != app["client_secret"]
    with client_of(hub, app["access_token"]) as client:
        assert client.get("/me").is_success


def test_a_teammate_who_leaves_takes_their_tokens_along(hub: httpx.Client) -> None:
    admin = hub.post("/admins", json={"name": "Eve", "email": "eve@example.com"}).json()
    app = hub.post("/apps", json={"scopes": READ_ME, "owner": admin["id"]}).json()
    with client_of(hub, app["access_token"]) as client:
        assert client.get("/me").json()["email"] == "eve@example.com"
        hub.post(f"/admins/{admin['id']}/deactivate")
        assert error_code(client.get("/me")) == "token_revoked"
    assert newest_rows(hub, 1) == ["admin_deletion"]


def test_a_departed_teammate_is_no_longer_listed(hub: httpx.Client, connect: Connect) -> None:
    client = connect()
    admin = hub.post("/admins", json={"name": "Eve", "email": "eve@example.com"}).json()
    assert client.get(f"/admins/{admin['id']}").is_success
    hub.post(f"/admins/{admin['id']}/deactivate")
    assert "eve@example.com" not in client.get("/admins").text
    assert error_code(client.get(f"/admins/{admin['id']}")) == "admin_not_found"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/apps/none", None, 404),
        ("POST", "/apps", {"owner": "none"}, 404),
        ("PUT", "/behaviours", {"nonsense": True}, 400),
        ("PUT", "/behaviours", {"missing_scope_shape": "403"}, 400),
        ("POST", "/faults", {"kind": "earthquake"}, 400),
        ("POST", "/faults", {"kind": "drop", "struck": 1}, 400),
        ("PUT", "/rate_limit", {"calls": 1}, 400),
        ("POST", "/workspaces", {"name": "x", "seed": "none"}, 400),
        ("POST", "/workspaces", {"seed": "demo"}, 400),
        ("GET", "/nothing", None, 404),
    ],
)
def test_nonsense_is_refused(
    method: str, path: str, body: Any, status: int, hub: httpx.Client
) -> None:
    assert hub.request(method, path, json=body).status_code == status


def test_workspaces_know_nothing_of_one_another(sandbox: Sandbox) -> None:
    token = DEMO.profiles["production"].access_token
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as client:
        apps = client.get(f"{sandbox.hub('one')}/apps").json()
        client.post(f"{sandbox.hub('one')}/apps/{apps[0]['id']}/uninstall")
        assert client.get(f"{sandbox.base_url('one')}/me").status_code == 401
        assert client.get(f"{sandbox.base_url('two')}/me").is_success


def test_the_address_alone_is_the_default_workspace(sandbox: Sandbox) -> None:
    with httpx.Client() as client:
        client.put(f"{sandbox.url}/_hub/clock", json={"now": "2026-03-03T00:00:00+00:00"})
        found = client.get(f"{sandbox.hub('default')}/").json()
    assert found["now"] == "2026-03-03T00:00:00+00:00"


def test_a_workspace_is_made_anew_with_seed_clock_and_region(sandbox: Sandbox) -> None:
    with httpx.Client() as client:
        hub = f"{sandbox.hub('anew')}"
        client.post(f"{hub}/apps", json={"name": "Gone"})
        choices = {"name": "anew", "seed": "clean", "region": "EU"}
        made = client.post(
            f"{sandbox.url}/_hub/workspaces", json=choices | {"clock": "2026-04-01T00:00:00+00:00"}
        ).json()
        assert (made["id_code"], made["now"]) == (CLEAN.id_code, "2026-04-01T00:00:00+00:00")
        assert "Gone" not in client.get(f"{hub}/apps").text
        token = CLEAN.profiles["production"].access_token
        me = client.get(
            f"{sandbox.base_url('anew')}/me", headers={"Authorization": f"Bearer {token}"}
        ).json()
        assert me["app"]["region"] == "EU"


def test_received_calls_are_listed_without_token_or_body(
    hub: httpx.Client, connect: Connect
) -> None:
    client = connect()
    client.get("/admins/1?x=1")
    client.post("/tags", json={"name": "told-to-nobody"})
    assert hub.get("/requests").json() == [
        {"method": "GET", "path": "/admins/1", "route": "/admins/{id}", "status": 404},
        {"method": "POST", "path": "/tags", "route": "/tags", "status": 200},
    ]
    assert hub.delete("/requests").json() == hub.get("/requests").json() == []


def test_the_scopes_are_listed_with_their_routes(hub: httpx.Client) -> None:
    assert hub.get("/scopes").json()["read_tags"] == ["GET /tags", "GET /tags/{id}"]


def test_region_and_identity_verification_can_be_changed(
    hub: httpx.Client, connect: Connect
) -> None:
    client = connect()
    assert client.get("/me").json()["app"]["identity_verification"] is False
    hub.put("/", json={"region": "AU", "identity_verification": True})
    app = client.get("/me").json()["app"]
    assert (app["region"], app["identity_verification"]) == ("AU", True)


def test_the_past_of_a_workspace_ends_where_its_clock_stands(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {DEMO.profiles['production'].access_token}"}
    with httpx.Client(base_url=sandbox.base_url("later"), headers=headers) as client:
        choices = {"name": "later", "clock": "2027-01-01T12:00:00+00:00"}
        client.post("/_hub/workspaces", json=choices)
        query = {"created_at_after": 1_798_805_000 - 30 * 86_400, "per_page": 250}
        rows = client.get("/admins/activity_logs", params=query).json()["activity_logs"]
    assert "admin_two_factor_auth_change" in {row["activity_type"] for row in rows}


def test_a_live_workspace_stands_at_present_and_runs(sandbox: Sandbox) -> None:
    with httpx.Client(base_url=sandbox.hub("live")) as hub:
        before = datetime.now(UTC)
        hub.post("/workspaces", json={"name": "live", "clock": "now"})
        times = [datetime.fromisoformat(hub.get("/").json()["now"]) for _ in range(2)]
        assert before < times[0] < times[1] < datetime.now(UTC)
        moved = hub.put("/clock", json={"now": "2030-01-01T00:00:00+00:00"}).json()["now"]
        assert moved > "2030-01-01T00:00:00"
        assert hub.get("/").json()["now"] > moved


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("POST", "/apps", {"scopes": "read_admins"}, "scopes"),
        ("POST", "/apps", {"scopes": [], "colour": "red"}, "colour"),
        ("POST", "/faults", {"kind": "latency", "seconds": "1"}, "seconds"),
        ("POST", "/faults", {"kind": "drop", "every": 0}, "every is 1 or more"),
        ("PUT", "/rate_limit", {"window": 0}, "more than 0 seconds"),
        ("PUT", "/behaviours", {"missing_scope_shape": 404}, "401 or 403"),
        ("PUT", "/behaviours", {"client_ip": "here"}, "'here'"),
        ("PUT", "/clock", {"now": "2026-01-01"}, "no offset"),
        ("PUT", "/clock", {"advance": 1e300}, "too large"),
        ("PUT", "/ip_allowlist", {"ip_allowlist": ["here"]}, "'here'"),
        ("POST", "/activity", {"count": 0}, "count is 1 to"),
    ],
)
def test_a_refusal_names_the_field_and_the_choice(
    method: str, path: str, body: Any, words: str, hub: httpx.Client
) -> None:
    answer = hub.request(method, path, json=body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
