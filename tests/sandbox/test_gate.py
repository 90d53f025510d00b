import itertools
from random import Random

import httpx
import pytest

from helpers.sandbox.api import ENDPOINTS
from helpers.sandbox.gate import version_of
from helpers.sandbox.scopes import IMPLIED, SCOPES, scope_of
from tests.contract.calls import CASES, Case
from tests.sandbox.conftest import Connect, client_of, error_code

ROUTES = {endpoint.route for endpoint in ENDPOINTS}
# one route for each permission that guards any, as a probe would choose them
GUARDED = {scope: routes[0] for scope, routes in SCOPES.items() if routes}


def refused(client: httpx.Client, route: str) -> bool:
    """Whether the permission is missing, as the answer's code tells."""
    version = "2.16" if "secure_mode" not in route else "Preview"
    answer = Case(route).send(client, **{"Intercom-Version": version})
    codes = {"forbidden", "token_unauthorized"}
    return not answer.is_success and error_code(answer) in codes


def test_every_route_has_exactly_one_guard_and_every_guard_a_route() -> None:
    guarded = list(itertools.chain.from_iterable(SCOPES.values()))
    assert len(guarded) == len(set(guarded))
    assert set(guarded) == ROUTES


def test_what_is_implied_are_scopes() -> None:
    assert set(IMPLIED) | set(IMPLIED.values()) <= set(SCOPES)


@pytest.mark.parametrize("scope", GUARDED)
def test_a_single_scope_opens_its_own_routes_alone(scope: str, connect: Connect) -> None:
    client = connect(scopes=(scope,))
    opened = {s for s, route in GUARDED.items() if not refused(client, route)}
    assert opened == {scope}


@pytest.mark.parametrize(
    ("scopes", "query", "status"),
    [
        ({"write_conversations"}, "", 404),
        ({"write_conversations"}, "?retain_metrics=true", 404),
        ({"write_conversations"}, "?retain_metrics=false", 403),
        ({"delete_conversations_and_metrics"}, "?retain_metrics=false", 403),
        ({"write_conversations", "delete_conversations_and_metrics"}, "?retain_metrics=false", 404),
    ],
)
def test_deleting_the_figures_too_needs_a_permission_of_its_own(
    scopes: set[str], query: str, status: int, connect: Connect
) -> None:
    assert connect(scopes=tuple(scopes)).delete(f"/conversations/0{query}").status_code == status


def test_random_sets_of_scopes_open_exactly_their_routes(hub: httpx.Client) -> None:
    dice = Random("scopes")
    for _ in range(20):
        scopes = {scope for scope in GUARDED if dice.random() < 0.5}
        app = hub.post("/apps", json={"scopes": sorted(scopes)}).json()
        with client_of(hub, app["access_token"]) as client:
            assert {s for s, r in GUARDED.items() if not refused(client, r)} == scopes


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x", "Basic x", "x"])
def test_no_token_and_an_unknown_token_are_refused_alike(
    authorization: str, connect: Connect
) -> None:
    answer = connect().get("/me", headers={"Authorization": authorization})
    assert (answer.status_code, error_code(answer)) == (401, "unauthorized")


def test_the_scheme_of_the_token_is_not_case_sensitive(connect: Connect) -> None:
    client = connect()
    value = client.headers["Authorization"].removeprefix("Bearer ")
    assert client.get("/me", headers={"Authorization": f"bearer {value}"}).is_success


def test_a_revoked_token_has_the_code_that_the_behaviour_says(
    hub: httpx.Client, connect: Connect
) -> None:
    client = connect()
    (app,) = [app for app in hub.get("/apps").json() if app["name"] == "Test"]
    hub.post(f"/apps/{app['id']}/token")
    answer = client.get("/me")
    assert (answer.status_code, error_code(answer)) == (401, "token_revoked")
    hub.put("/behaviours", json={"revoked_code": "unauthorized"})
    assert error_code(client.get("/me")) == "unauthorized"


def test_a_token_expires_when_the_clock_says_so(hub: httpx.Client) -> None:
    app = hub.post("/apps", json={"scopes": ["read_single_admin"], "expires_in": 60}).json()
    with client_of(hub, app["access_token"]) as client:
        hub.put("/clock", json={"advance": 59})
        assert client.get("/me").is_success
        hub.put("/clock", json={"advance": 1})
        answer = client.get("/me")
    assert (answer.status_code, error_code(answer)) == (401, "token_expired")


def test_a_suspended_app_is_refused(hub: httpx.Client, connect: Connect) -> None:
    client = connect()
    (app,) = [app for app in hub.get("/apps").json() if app["name"] == "Test"]
    hub.put(f"/apps/{app['id']}", json={"suspended": True})
    answer = client.get("/me")
    assert (answer.status_code, error_code(answer)) == (401, "token_suspended")


def test_the_address_is_checked_after_the_token_and_before_the_scope(
    hub: httpx.Client, connect: Connect
) -> None:
    client = connect(scopes=())
    hub.put("/ip_allowlist", json={"enabled": True, "ip_allowlist": ["192.0.2.0/24"]})
    answer = client.get("/me")
    assert answer.json()["errors"][0]["message"] == (
        "Your IP address is not on the allowlist for API access"
    )
    unknown = client.get("/me", headers={"Authorization": "Bearer x"})
    assert error_code(unknown) == "unauthorized"
    hub.put("/behaviours", json={"client_ip": "192.0.2.7"})
    assert "required scope" in client.get("/me").json()["errors"][0]["message"]


def test_an_allowlist_that_is_on_but_empty_lets_everyone_in(
    hub: httpx.Client, connect: Connect
) -> None:
    hub.put("/ip_allowlist", json={"enabled": True, "ip_allowlist": []})
    assert connect().get("/me").is_success


@pytest.mark.parametrize(("before", "status"), [(False, 403), (True, 404)])
def test_the_lookup_comes_before_or_after_the_scope_as_configured(
    before: bool, status: int, hub: httpx.Client, connect: Connect
) -> None:
    hub.put("/behaviours", json={"lookup_before_scope": before})
    assert connect(scopes=()).delete("/tags/999999").status_code == status


def test_without_the_scope_neither_order_reveals_what_exists(
    hub: httpx.Client, connect: Connect
) -> None:
    everything, nothing = connect(), connect(scopes=())
    tag = everything.get("/tags").json()["data"][0]["id"]
    for before in (False, True):
        hub.put("/behaviours", json={"lookup_before_scope": before})
        assert nothing.delete(f"/tags/{tag}").status_code == 403
    assert everything.get(f"/tags/{tag}").is_success


def test_an_endpoint_can_be_guarded_otherwise(hub: httpx.Client, connect: Connect) -> None:
    hub.put("/behaviours", json={"guards": {"GET /tags": "read_x"}})
    assert refused(connect(), "GET /tags")
    assert connect(scopes=("read_x",)).get("/tags").is_success


@pytest.mark.parametrize("wide", IMPLIED)
def test_writing_implies_reading_only_where_configured(
    wide: str, hub: httpx.Client, connect: Connect
) -> None:
    client, route = connect(scopes=(wide,)), GUARDED[IMPLIED[wide]]
    assert refused(client, route)
    hub.put("/behaviours", json={"write_implies_read": True})
    assert not refused(client, route)


def test_a_call_without_a_version_gets_the_apps_own(hub: httpx.Client) -> None:
    scopes = ["read_secure_mode_secret"]
    app = hub.post("/apps", json={"scopes": scopes, "version": "Preview"}).json()
    with client_of(hub, app["access_token"]) as client:
        del client.headers["Intercom-Version"]
        assert client.get("/secure_mode_secrets").is_success


@pytest.mark.parametrize("version", ["3.0", "2", "latest", "2.99", "preview"])
def test_an_unknown_version_is_refused(version: str, connect: Connect) -> None:
    answer = connect(version).get("/me")
    assert (answer.status_code, error_code(answer)) == (400, "intercom_version_invalid")


@pytest.mark.parametrize("version", ["1.0", "2.0", "2.14", "2.16", "2.18", "Preview"])
def test_a_documented_version_is_accepted(version: str, connect: Connect) -> None:
    assert connect(version).get("/me").is_success


def test_versions_are_compared_as_numbers(connect: Connect) -> None:
    assert error_code(connect("2.9").get("/ip_allowlist")) == "intercom_version_invalid"
    assert connect("2.16").get("/ip_allowlist").is_success


def test_an_unknown_path_is_404_and_406_without_accept(connect: Connect) -> None:
    client = connect()
    assert client.get("/health").status_code == 404
    assert client.patch("/me").status_code == 404
    del client.headers["Accept"]
    assert client.get("/health").status_code == 406


def test_a_body_that_is_no_json_is_refused(connect: Connect) -> None:
    answer = connect().post("/tags", content=b"{")
    assert (answer.status_code, error_code(answer)) == (400, "bad_request")


def test_version_of_takes_the_header_before_the_app(hub: httpx.Client) -> None:
    from helpers.sandbox.apps import SandboxApp

    app = SandboxApp("1", "x", "1", frozenset(), 0, version="2.3")
    assert version_of(None, app) == "2.3"
    assert version_of("2.16", app) == "2.16"


def test_every_case_of_the_contract_has_a_guard() -> None:
    assert {scope_of(case.route) for case in CASES} == set(GUARDED)
