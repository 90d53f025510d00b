"""A secret goes only where its own layer, or a more trusted one, says."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.core.context import Context
from helpers.core.errors import ConfigurationError
from helpers.core.policy import Acts, Policy
from helpers.core.redaction import Redactor
from helpers.core.settings import ALLOW_HOSTS, Profile, Settings, Trust, load_settings
from helpers.environment.collect import collect
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
