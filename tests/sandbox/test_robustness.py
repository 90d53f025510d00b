"""Whatever is sent, the sandbox answers as Intercom would: never with a fault of its own."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from helpers.sandbox import Sandbox
from helpers.sandbox.api import ENDPOINTS, SandboxEndpoint
from helpers.sandbox.scopes import SCOPES
from tests.contract.calls import CASES
from tests.sandbox.conftest import NO_TLS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
# the names that endpoints look at, with values that they do not expect
FIELDS = sorted(
    {name for case in CASES if isinstance(case.body, dict) for name in case.body}
    | {"headers", "audiences", "state", "sort", "custom_attributes", "metadata", "event_types"}
)
BODIES = JSON | st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5)
QUERIES = st.dictionaries(
    st.sampled_from(["page", "per_page", "starting_after", "created_at_after", "user_id", "name"]),
    st.text(max_size=8) | st.integers(),
)


@pytest.fixture(scope="module")
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.base_url("robustness"), verify=NO_TLS) as client:
        app = client.post("/_hub/apps", json={"scopes": list(SCOPES)}).json()
        limit = {"app": 10**6, "workspace": 10**6, "window": 10}
        client.put("/_hub/rate_limit", json=limit)
        client.headers["Authorization"] = f"Bearer {app['access_token']}"
        yield client


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from(ENDPOINTS),
    st.from_regex(r"[A-Za-z0-9._~-]{1,12}", fullmatch=True) | st.just("102"),
    QUERIES,
    BODIES,
)
def test_no_body_and_no_query_makes_an_endpoint_fail(
    client: httpx.Client, endpoint: SandboxEndpoint, id_: str, query: dict[str, Any], body: Any
) -> None:
    path = endpoint.path.replace("{id}", id_)
    headers = {"Intercom-Version": "2.16" if endpoint.numbered else "Preview"}
    answer = client.request(endpoint.method, path, params=query, json=body, headers=headers)
    assert answer.status_code < 500, answer.text
    if not answer.is_success:
        assert answer.json()["type"] == "error.list"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(st.characters(exclude_categories=["C"], exclude_characters="/?#%\\")))
@example("..")
@example("//")
@example("%2e%2e%2fme")
@example("w")
@example("w/")
def test_no_path_makes_the_server_fail(client: httpx.Client, path: str) -> None:
    assert client.get(f"{client.base_url}{path}").status_code < 500


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=40))
def test_no_bytes_make_the_server_fail(client: httpx.Client, content: bytes) -> None:
    for path in ("/tags", "/_hub/apps", "/_hub/faults", "/_hub/workspaces", "/_hub/behaviours"):
        method = "PUT" if path.endswith("behaviours") else "POST"
        assert client.request(method, path, content=content).status_code < 500
    client.delete("/_hub/faults")
