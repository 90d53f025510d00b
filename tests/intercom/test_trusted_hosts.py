"""A secret goes only where its own layer, or a more trusted one, says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from helpers.core.context import Context
from helpers.core.errors import ConfigurationError
from helpers.core.policy import Acts, Policy
from helpers.core.redaction import Redactor
from helpers.core.settings import ALLOW_HOSTS, Profile, Settings, Trust, load_settings
from helpers.environment.collect import collect
from helpers.intercom.accounts import reader, writer
from helpers.intercom.called_hosts import CALLED, named_host
from helpers.intercom.client import Client
from helpers.intercom.regions import base_url
from helpers.intercom.trusted_hosts import HostKind, allowed_hosts, host_kind
from helpers.system.provenance import is_tracked
from helpers.webhooks.action import why_not
from tests.checking import NOW
from tests.conftest import make_access_token, run_git

FOREIGN = "INTERCOM_BASE_URL=https://collector.example.net\n"


@pytest.fixture(autouse=True)
def nothing_allowed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(ALLOW_HOSTS, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def load(folder: Path, **environ: str) -> Settings:
    return load_settings(Profile.PRODUCTION, folder, environ=environ, tracked=is_tracked)


@pytest.mark.parametrize("line", [FOREIGN, "INTERCOM_REGION=eu\n"])
def test_a_repository_does_not_choose_where_the_token_of_the_environment_goes(
    repo: Path, line: str
) -> None:
    (repo / ".env").write_text(line)
    settings = load(repo, INTERCOM_ACCESS_TOKEN=make_access_token())
    assert settings.trust_of("INTERCOM_ACCESS_TOKEN") is Trust.ENVIRONMENT
    with pytest.raises(ConfigurationError, match=r"comes from \.env, which is trusted less"):
        Client.from_settings(settings)


def test_a_host_beside_the_token_is_used_if_it_is_allowed(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo / ".env").write_text(f"{FOREIGN}INTERCOM_ACCESS_TOKEN={make_access_token()}\n")
    settings = load(repo)
    with pytest.raises(ConfigurationError, match=r"names collector\.example\.net"):
        base_url(settings)
    monkeypatch.setenv(ALLOW_HOSTS, "other.example, Collector.example.net")
    assert base_url(settings) == "https://collector.example.net"


def test_the_machine_may_allow_hosts_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "config" / "intercom-runbook" / "allow-hosts"
    file.parent.mkdir(parents=True)
    file.write_text("one.example\ntwo.example\n")
    assert allowed_hosts() == {"one.example", "two.example"}


@pytest.mark.parametrize(
    ("variable", "make"),
    [
        ("INTERCOM_READ_TOKEN", reader),
        ("INTERCOM_WRITE_TOKEN", partial(writer, allowed=["POST /events"])),
    ],
)
def test_no_account_of_the_environment_goes_where_the_repository_says(
    repo: Path, variable: str, make: Callable[[Settings], httpx.Client]
) -> None:
    """This machine's own ports are no exception: another user may listen there."""
    own = f"INTERCOM_ACCESS_TOKEN={make_access_token()}\n"
    (repo / ".env").write_text(f"INTERCOM_BASE_URL=http://127.0.0.1:9\n{own}")
    settings = load(repo, **{variable: make_access_token()})
    with pytest.raises(ConfigurationError, match=r"comes from \.env, which is trusted less"):
        make(settings)


def test_a_token_of_a_store_does_not_go_where_the_repository_says(repo: Path) -> None:
    (repo / ".env").write_text("INTERCOM_BASE_URL=http://127.0.0.1:9\n")
    settings = load(repo)
    assert base_url(settings, elsewhere=None) == "http://127.0.0.1:9"
    with pytest.raises(ConfigurationError, match="than the store, which holds"):
        base_url(settings, elsewhere=Trust.OPERATOR)


def test_an_env_file_that_is_a_link_to_another_folder_is_not_read(
    repo: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.env"
    other.write_text(f"INTERCOM_ACCESS_TOKEN={make_access_token()}\n")
    (repo / ".env").symlink_to(other)
    (repo / ".env.production").write_text("INTERCOM_BASE_URL=http://127.0.0.1:9\n")
    with pytest.raises(ConfigurationError, match=f"--env-file {other}"):
        load(repo)


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("api.intercom.io", HostKind.INTERCOM),
        ("API.EU.Intercom.io.", HostKind.INTERCOM),
        ("127.0.0.1", HostKind.LOOPBACK),
        ("localhost", HostKind.LOOPBACK),
        ("api.intercom.io.example.net", HostKind.FOREIGN),
        ("xapi.intercom.io", HostKind.FOREIGN),
        ("localhost.example.net", HostKind.FOREIGN),
    ],
)
def test_whose_a_host_is(host: str, kind: HostKind) -> None:
    assert host_kind(host) is kind


def test_a_tracked_env_file_is_never_a_source(repo: Path) -> None:
    (repo / ".env").write_text(f"{FOREIGN}INTERCOM_ACCESS_TOKEN={make_access_token()}\n")
    run_git(repo, "add", ".env")
    settings = load(repo)
    assert not settings.values
    assert settings.ignored == (".env",)


def test_a_named_env_file_is_trusted_more_than_the_repository(repo: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.env"
    own.write_text(f"INTERCOM_ACCESS_TOKEN={make_access_token()}\n")
    settings = load_settings(Profile.PRODUCTION, repo, env_file=own, environ={})
    assert settings.trust_of("INTERCOM_ACCESS_TOKEN") is Trust.OPERATOR


def armed(settings: Settings, repo: Path) -> Context:
    policy = Policy(acts=Acts(webhook_battery=True))
    return Context(settings, policy, Redactor(), repo, repo / "state", lambda: NOW)


def test_the_client_secret_signs_nothing_for_a_receiver_that_the_repository_names(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo / ".env").write_text("INTERCOM_WEBHOOK_URL=https://collector.example.net/hook\n")
    refused = why_not(armed(load(repo, INTERCOM_CLIENT_SECRET="made-up-secret-value"), repo))
    assert refused
    assert "trusted less" in refused.reason
    named = {
        "INTERCOM_CLIENT_SECRET": "made-up-secret-value",
        "INTERCOM_WEBHOOK_URL": "https://collector.example.net/hook",
    }
    refused = why_not(armed(load(repo, **named), repo))
    assert refused
    assert "--allow-host collector.example.net" in refused.reason
    monkeypatch.setenv(ALLOW_HOSTS, "collector.example.net")
    assert why_not(armed(load(repo, **named), repo)) is None


def test_the_audit_reports_a_foreign_host_and_sends_nothing(repo: Path) -> None:
    (repo / ".env").write_text(FOREIGN)
    settings = load(repo, INTERCOM_ACCESS_TOKEN=make_access_token())
    context = armed(settings, repo)
    context.client_factory = Client.from_settings
    facts = collect(context)
    assert facts.api_host.known
    assert facts.api_host.value.host == "collector.example.net"
    assert "trusted less" in facts.api_host.value.refused
    assert not facts.workspace.known


def test_a_host_is_reported_once_before_it_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[str] = []
    monkeypatch.setattr(CALLED, "report", reported.append)
    monkeypatch.setattr(CALLED, "_seen", set())

    def answer(_: httpx.Request) -> httpx.Response:
        assert reported, "nothing was sent before"
        return httpx.Response(200, json={"type": "admin", "id": "1", "app": {"id_code": "abc"}})

    transport = httpx.MockTransport(answer)
    for _ in range(2):
        token = SecretStr(make_access_token())
        with Client(token, "https://api.eu.intercom.io", transport=transport) as client:
            client.me()
    assert reported == ["api.eu.intercom.io (Intercom's)"]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.intercom.io", "api.intercom.io (Intercom's)"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080 (this machine)"),
        ("https://proxy.example.net:443/x", "proxy.example.net (another host)"),
    ],
)
def test_a_host_is_named_with_whose_it_is(url: str, name: str) -> None:
    assert named_host(httpx.URL(url)) == name
