"""What a page in a browser can send to loopback is refused; programs are served."""

from __future__ import annotations

import httpx
import pytest

from helpers.sandbox import Sandbox, start

HERE = "http://127.0.0.1"


@pytest.mark.parametrize(
    "host", ["attacker.test", "127.0.0.1.attacker.test", "localhost.test:80", ""]
)
@pytest.mark.parametrize("path", ["/_hub/", "/me", "/w/other/_hub/apps"])
def test_a_name_that_was_rebound_to_loopback_is_refused(
    host: str, path: str, sandbox: Sandbox
) -> None:
    answer = httpx.get(sandbox.url + path, headers={"Host": host})
    assert answer.status_code == 403
    assert "id_code" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "[::1]:80", "127.0.0.1"])
def test_every_name_of_loopback_is_served(host: str, sandbox: Sandbox) -> None:
    assert httpx.get(sandbox.hub() + "/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["https://attacker.test", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_site_is_refused(origin: str, sandbox: Sandbox) -> None:
    answer = httpx.post(sandbox.hub() + "/apps", json={}, headers={"Origin": origin})
    assert answer.status_code == 403


def test_its_own_origin_is_served(sandbox: Sandbox) -> None:
    headers = {"Origin": sandbox.url, "Sec-Fetch-Site": "same-origin"}
    assert httpx.get(sandbox.hub() + "/", headers=headers).status_code == 200


def test_a_request_that_a_browser_marks_as_cross_site_is_refused(sandbox: Sandbox) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert httpx.get(sandbox.hub() + "/", headers=headers).status_code == 403


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x"])
def test_a_form_is_refused_without_an_origin_too(kind: str, sandbox: Sandbox) -> None:
    answer = httpx.post(
        sandbox.hub("forms") + "/apps", content=b'{"name": "x"}', headers={"Content-Type": kind}
    )
    assert answer.status_code == 403
    assert "forms" not in sandbox.intercom.workspaces


def test_the_number_of_workspaces_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpers.sandbox.app._MOST", 3)
    with start() as running:
        answers = [httpx.get(running.hub(f"w{number}") + "/").status_code for number in range(5)]
        assert answers == [200, 200, 200, 507, 507]
        again = httpx.post(running.hub("w0") + "/workspaces", json={"name": "another"})
        assert again.status_code == 400
        assert len(running.intercom.workspaces) == 3


def test_the_name_of_a_workspace_is_bounded(sandbox: Sandbox) -> None:
    assert httpx.get(sandbox.hub("n" * 101) + "/").status_code == 507
