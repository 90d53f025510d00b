"""The demo has the flaws that it should show, the clean workspace none, and both never change."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from helpers.sandbox import Sandbox, start
from helpers.sandbox.seeds import CLEAN, DEMO, PROFILES, Seed
from tests.sandbox.conftest import error_code

DAY = 86_400
NOW = int(DEMO.now.timestamp())
PATHS = (
    "/me",
    "/admins",
    "/admins/activity_logs?created_at_after=0&per_page=250",
    "/contacts?per_page=150",
    "/conversations",
    "/data_connectors",
    "/nothing",
)


class World:
    """A seeded workspace, asked with the tokens that its seed tells."""

    def __init__(self, client: httpx.Client, seed: Seed) -> None:
        self._client = client
        self.seed = seed

    def get(self, path: str, *, token: str = "", version: str = "2.16") -> Any:
        token = token or self.seed.profiles["production"].access_token
        headers = {"Authorization": f"Bearer {token}", "Intercom-Version": version}
        return self._client.get(path, headers=headers)

    def apps(self) -> dict[str, Any]:
        return {app["name"]: app for app in self._client.get("/_hub/apps").json()}

    def log(self) -> list[Any]:
        """The whole activity log, oldest first."""
        rows: list[Any] = []
        token, page = self.seed.read_token, 1
        while True:
            path = f"/admins/activity_logs?created_at_after=0&per_page=250&page={page}"
            found = self.get(path, token=token).json()["activity_logs"]
            if not found:
                return rows[::-1]
            rows += found
            page += 1


@pytest.fixture
def demo(sandbox: Sandbox) -> Iterator[World]:
    with httpx.Client(base_url=sandbox.base_url("seeds-demo")) as client:
        yield World(client, DEMO)


@pytest.fixture
def clean(sandbox: Sandbox) -> Iterator[World]:
    with httpx.Client(base_url=sandbox.base_url("seeds-clean")) as client:
        client.post("/_hub/workspaces", json={"name": "seeds-clean", "seed": "clean"})
        yield World(client, CLEAN)


def everything(sandbox: Sandbox, workspace: str) -> list[tuple[int, bytes]]:
    token = DEMO.profiles["production"].access_token
    headers = {"Authorization": f"Bearer {token}", "Intercom-Version": "2.16"}
    with httpx.Client(base_url=sandbox.base_url(workspace), headers=headers) as client:
        return [(a.status_code, a.content) for a in map(client.get, PATHS)]


def test_two_workspaces_of_two_servers_answer_the_same_bytes(sandbox: Sandbox) -> None:
    first = everything(sandbox, "same-1")
    assert everything(sandbox, "same-2") == first
    with start() as another:
        assert everything(another, "other") == first


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_of_both_seeds_has_a_live_token(
    profile: str, demo: World, clean: World
) -> None:
    for world in (demo, clean):
        token = world.seed.profiles[profile].access_token
        me = world.get("/me", token=token).json()
        expected = world.seed.workspaces[profile]
        assert me["app"]["id_code"] == expected


def test_staging_shares_the_token_of_production_in_the_demo_alone() -> None:
    for seed, shares in ((DEMO, True), (CLEAN, False)):
        tokens = {name: c.access_token for name, c in seed.profiles.items()}
        assert (tokens["staging"] == tokens["production"]) is shares
        assert tokens["development"] != tokens["production"]
        secrets = [c.client_secret for c in seed.profiles.values()]
        assert len(set(secrets)) == 3


def test_the_reader_may_write_in_the_demo_alone(demo: World, clean: World) -> None:
    assert "write_conversations" in demo.apps()["Audit reader"]["scopes"]
    assert not any("write" in scope for scope in clean.apps()["Audit reader"]["scopes"])
    for world in (demo, clean):
        assert world.get("/tags", token=world.seed.read_token).is_success
        refused = world.get("/tags", token=world.seed.write_token)
        assert error_code(refused) == "forbidden"


def test_the_production_token_of_the_demo_is_200_days_old(demo: World, clean: World) -> None:
    (token,) = demo.apps()["Support automation"]["tokens"]
    assert NOW - token["created_at"] == 200 * DAY
    logged = [
        row["created_at"]
        for row in demo.log()
        if row["activity_type"] == "app_package_token_regeneration"
        and row["activity_description"].endswith("the access token of Support automation.")
    ]
    assert logged == [token["created_at"]]
    ages = [NOW - app["tokens"][-1]["created_at"] for app in clean.apps().values()]
    assert max(ages) == 20 * DAY


def test_the_teammates_of_the_demo_have_flaws_to_report(demo: World) -> None:
    admins = {a["name"]: a for a in demo.get("/admins").json()["admins"]}
    assert "role" not in admins["Priya Natarajan"]  # permissions of their own making
    assert admins["Alex Kim"]["email"] == "alex@contractor.example.net"
    assert demo.get("/me").json()["name"] == "Service account"
    last = {row["performed_by"]["email"]: row["created_at"] for row in demo.log()}
    assert NOW - last["jonas@example.com"] > 90 * DAY
    assert NOW - last["maya@example.com"] < 14 * DAY
    assert "sam@example.com" not in {a["email"] for a in admins.values()}


def test_everyone_in_the_clean_workspace_has_a_role_and_the_domain(clean: World) -> None:
    token = clean.seed.read_token
    admins = clean.get("/admins", token=token).json()["admins"]
    assert all(a["role"] and a["email"].endswith("@example.com") for a in admins)


def test_the_demo_leaves_its_doors_open_and_the_clean_one_shuts_them(
    demo: World, clean: World, sandbox: Sandbox
) -> None:
    assert demo.get("/me").json()["app"]["identity_verification"] is False
    assert demo.get("/ip_allowlist").json() == {
        "type": "ip_allowlist",
        "enabled": True,
        "ip_allowlist": [],
    }
    assert clean.get("/me").json()["app"]["identity_verification"] is True
    assert sandbox.intercom.workspace("seeds-clean").allowlist["ip_allowlist"] == ["127.0.0.1"]


def test_the_connectors_of_the_demo_are_one_sound_and_two_flawed(demo: World) -> None:
    listed = demo.get("/data_connectors").json()["data"]
    shown = [demo.get(f"/data_connectors/{c['id']}").json() for c in listed]
    plain = [c["name"] for c in shown if c["url"].startswith("http://")]
    bare = [c["name"] for c in shown if not c["token_ids"] and not c["customer_authentication"]]
    bypassed = [c["name"] for c in shown if c["bypass_authentication"]]
    assert plain == bare == ["Refund lookup <beta> | old"]
    assert bypassed == ["Loyalty points"]


def test_the_takeover_is_logged_in_order_within_the_last_30_days(demo: World) -> None:
    story = [r for r in demo.log() if r["performed_by"]["ip"] == "203.0.113.77"]
    assert [row["activity_type"] for row in story] == [
        *["admin_login_failure"] * 7,
        "admin_login_success",
        "admin_two_factor_auth_change",
        "app_package_token_regeneration",
        "app_webhook_creation",
        "bulk_export",
        "app_data_export",
        "admin_logout",
    ]
    assert {row["performed_by"]["email"] for row in story} == {"ruth@example.com"}
    assert all(NOW - row["created_at"] < 30 * DAY for row in story)
    before = [row for row in demo.log() if row["created_at"] < story[0]["created_at"]]
    ips = {r["performed_by"]["ip"] for r in before if r["performed_by"]["id"] == "991267402"}
    assert ips == {"198.51.100.2"}  # never seen anywhere else


def test_what_the_intruder_made_is_still_there(demo: World) -> None:
    tokens = demo.apps()["Nightly export"]["tokens"]
    assert [token["state"] for token in tokens] == ["revoked", "live"]
    (theft,) = [
        row
        for row in demo.log()
        if row["activity_type"] == "app_package_token_regeneration"
        and row["performed_by"]["email"] == "ruth@example.com"
    ]
    assert theft["created_at"] == tokens[-1]["created_at"]


def test_the_clean_log_has_nothing_alarming(clean: World) -> None:
    assert {row["activity_type"] for row in clean.log()} == {
        "admin_login_success",
        "admin_logout",
        "macro_update",
        "app_package_installation",
        "app_package_token_regeneration",
    }


def test_the_log_of_the_demo_is_a_few_hundred_rows_over_four_months(demo: World) -> None:
    rows = demo.log()
    assert 200 < len(rows) < 600
    assert all(row["created_at"] < NOW for row in rows)
    recent = [row for row in rows if NOW - row["created_at"] < 120 * DAY]
    assert len(recent) > 200
    assert len({row["id"] for row in rows}) == len(rows)
