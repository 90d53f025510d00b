from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from helpers.core.context import Context
from helpers.core.model import Known, Unavailable
from helpers.core.policy import Policy, PolicySource
from helpers.core.redaction import Redactor
from helpers.core.settings import Profile, load_settings
from helpers.environment.collect import collect, shape_of
from helpers.environment.records import EnvironmentFacts, Shape
from helpers.notebook.context_factory import open_context
from helpers.notebook.parameters import Choices
from helpers.system.provenance import is_tracked
from tests.conftest import make_access_token, run_git


def facts_of(repo: Path, **environ: str) -> EnvironmentFacts:
    from helpers.intercom.client import Client

    settings = load_settings(Profile.PRODUCTION, repo, environ=environ, tracked=is_tracked)
    context = Context(
        settings, Policy(), Redactor(), repo, repo / "state", lambda: datetime.now(UTC)
    )
    me = {"app": {"id_code": "abc", "name": "Acme", "region": "US"}}
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=me))
    context.__dict__["client"] = Client(
        SecretStr(make_access_token()), "https://api.intercom.io", transport=transport
    )
    return collect(context)


def value(datum):
    assert isinstance(datum, Known), datum
    return datum.value


def test_git_is_asked_what_it_ignores(repo: Path):
    (repo / ".gitignore").write_text(".env\n.env.*.local\n!.env.staging.local\n")
    rules = {rule.name: rule for rule in value(facts_of(repo).ignore_rules)}
    assert rules[".env"].ignored
    assert rules[".env"].rule == ".env"
    assert rules[".env.production.local"].ignored
    assert not rules[".env.staging.local"].ignored
    assert not rules[".env.local"].ignored


def test_tracked_file_counts_as_ignored_and_as_tracked_at_once(repo: Path):
    (repo / ".env").write_text("A=1\n")
    run_git(repo, "add", ".env")
    (repo / ".gitignore").write_text(".env\n")
    facts = facts_of(repo)
    assert next(rule for rule in value(facts.ignore_rules) if rule.name == ".env").ignored
    (found,) = value(facts.env_files)
    assert found.tracked


def test_env_file_in_a_subfolder_is_seen_where_git_tracks_it(repo: Path):
    (repo / "web").mkdir()
    (repo / "web" / ".env.local").write_text("A=1\n")
    run_git(repo, "add", "-f", "web/.env.local")
    assert [found.name for found in value(facts_of(repo).env_files)] == ["web/.env.local"]


def test_mode_is_read_as_it_is(repo: Path):
    (repo / ".env").write_text("A=1\n")
    (repo / ".env").chmod(0o640)
    (found,) = value(facts_of(repo).env_files)
    assert (found.mode, found.owner_only) == ("0640", False)


def test_configured_key_in_a_tracked_file_is_found_and_not_told(repo: Path, access_token: str):
    (repo / "config.py").write_text(f"TOKEN = '{access_token}'\n")
    run_git(repo, "add", "config.py")
    facts = facts_of(repo, INTERCOM_ACCESS_TOKEN=access_token)
    (found,) = value(facts.tracked_secrets)
    assert (found.variable, found.paths) == ("INTERCOM_ACCESS_TOKEN", ("config.py",))
    assert access_token not in facts.model_dump_json()


def test_other_profiles_are_compared_by_their_own_files(repo: Path, access_token: str):
    for name in ("staging", "production"):
        (repo / f".env.{name}").write_text(f"INTERCOM_ACCESS_TOKEN={access_token}\n")
    seen = {p.profile: dict(p.fingerprints) for p in value(facts_of(repo).profiles)}
    assert seen["staging"] == seen["production"]
    assert "development" not in seen


def test_other_workspaces_of_the_file_are_compared_too(
    repo: Path, tmp_path: Path, access_token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "workspaces.toml"
    file.write_text(
        '[shop-eu]\nenvironment = "production"\nsecrets = "environment:SHOP_EU_"\n'
        '[shop-us]\nenvironment = "staging"\nsecrets = "vault:kv/shop-us"\n'
    )
    monkeypatch.setenv("RUNBOOK_WORKSPACES", str(file))
    monkeypatch.setenv("SHOP_EU_INTERCOM_ACCESS_TOKEN", access_token)
    profiles = value(facts_of(repo, INTERCOM_ACCESS_TOKEN=access_token).profiles)
    seen = {p.profile: dict(p.fingerprints) for p in profiles}
    assert seen["shop-eu"] == seen["production"]
    assert "shop-us" not in seen  # its store is not asked for the sake of another one


def test_broken_env_file_of_another_profile_is_told(repo: Path):
    (repo / ".env.staging").write_text("not an assignment\n")
    profiles = facts_of(repo).profiles
    assert isinstance(profiles, Unavailable)
    assert "line 1" in profiles.reason


def test_folder_without_git_is_unavailable_not_fine(tmp_path: Path):
    facts = facts_of(tmp_path)
    assert isinstance(facts.ignore_rules, Unavailable)
    assert isinstance(facts.env_files, Unavailable)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("", Shape.UNSET),
        ("sk_" + "live_abcdef", Shape.FOREIGN),
        ("your_token_here", Shape.PLACEHOLDER),
        ("x" * 60, Shape.PLACEHOLDER),
        ("<token>", Shape.PLACEHOLDER),
        ("dG9rOm5vdF9hX3JlYWxfdG9rZW4=", Shape.PLACEHOLDER),
        ("abcdefghijkl", Shape.GUESSABLE),
        ("short", Shape.GUESSABLE),
        ("abcdefghijk1", Shape.MALFORMED),
    ],
)
def test_value_that_is_no_access_token_is_told_as_what_it_is(value: str, shape: Shape):
    assert shape_of("access_token", value) is shape


def test_access_token_is_well_formed(access_token: str):
    assert shape_of("access_token", access_token) is Shape.WELL_FORMED


def test_the_host_beside_the_token_is_recorded_with_its_file(repo: Path, access_token: str):
    (repo / ".env").write_text(
        f"INTERCOM_ACCESS_TOKEN={access_token}\nINTERCOM_BASE_URL=https://collector.example.net\n"
    )
    host = value(facts_of(repo).api_host)
    assert (host.host, host.origin) == ("collector.example.net", ".env")
    assert not host.allowed
    assert "--allow-host" not in host.refused
    assert "collector.example.net" in host.refused


def test_without_a_base_url_the_host_is_that_of_the_region(repo: Path, access_token: str):
    (repo / ".env.production").write_text("INTERCOM_REGION=eu\n")
    (repo / ".env").write_text(f"INTERCOM_ACCESS_TOKEN={access_token}\nINTERCOM_REGION=au\n")
    host = value(facts_of(repo).api_host)
    assert (host.host, host.origin, host.allowed) == ("api.eu.intercom.io", ".env.production", True)


@pytest.mark.parametrize("tracked", [True, False])
def test_a_host_in_a_tracked_env_file_is_not_used(repo: Path, access_token: str, tracked: bool):
    (repo / ".env").write_text("INTERCOM_BASE_URL=http://127.0.0.1:9\n")
    if tracked:
        run_git(repo, "add", "-f", ".env")
    host = value(facts_of(repo, INTERCOM_ACCESS_TOKEN=access_token).api_host)
    assert host.host == ("api.intercom.io" if tracked else "127.0.0.1")
    assert host.allowed == tracked
    assert tracked or "trusted less" in host.refused


def test_a_base_url_that_is_none_is_unavailable_and_not_repeated(repo: Path, access_token: str):
    (repo / ".env").write_text("INTERCOM_BASE_URL=ftp://user:word@host\n")
    host = facts_of(repo, INTERCOM_ACCESS_TOKEN=access_token).api_host
    assert isinstance(host, Unavailable)
    assert "word" not in host.reason


@pytest.mark.parametrize("committed", [True, False])
def test_a_policy_in_the_repository_is_recorded_with_what_it_may_not_decide(
    repo: Path, committed: bool, monkeypatch: pytest.MonkeyPatch
):
    (repo / "policy.toml").write_text("[acts]\nwebhook_battery = true\n")
    if committed:
        run_git(repo, "add", "policy.toml")
        run_git(repo, "commit", "-qm", "Arm it")
    source = policy_source(repo, monkeypatch)
    assert source.from_repository
    assert source.ignored == ("acts.webhook_battery",)


def test_a_policy_outside_the_repository_may_turn_acts_on(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    own = tmp_path / "own.toml"
    own.write_text("[acts]\nwebhook_battery = true\n")
    source = policy_source(repo, monkeypatch, policy=str(own))
    assert (source.file, source.from_repository, source.ignored) == ("own.toml", False, ())


def test_a_link_in_the_repository_to_an_armed_policy_elsewhere_arms_nothing(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The repository chose it, whoever wrote it and for whichever other workspace."""
    own = tmp_path / "own.toml"
    own.write_text("[acts]\nwebhook_battery = true\n")
    (repo / "policy.toml").symlink_to(own)
    assert policy_source(repo, monkeypatch).ignored == ("acts.webhook_battery",)


def policy_source(repo: Path, monkeypatch: pytest.MonkeyPatch, policy: str = "") -> PolicySource:
    """The source as the step records it, with the context that a notebook opens."""
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(repo / "state"))
    monkeypatch.delenv("INTERCOM_ACCESS_TOKEN", raising=False)
    with ExitStack() as closing:
        choices = Choices("production", repo=str(repo), policy=policy)
        facts = collect(open_context("environment", choices, closing))
    source = value(facts.policy_source)
    assert isinstance(source, PolicySource)
    return source


@pytest.mark.parametrize("content", [b"A=1\n" * 300_000, b"A=\xff\n"], ids=["large", "no UTF-8"])
def test_an_example_file_that_is_not_one_is_unavailable(repo: Path, content: bytes):
    """Whoever delivers a repository chooses its size; it is read before anything is judged."""
    (repo / ".env.example").write_bytes(content)
    example = facts_of(repo).example
    assert isinstance(example, Unavailable)
    assert ".env.example" in example.reason


def test_an_example_file_takes_nothing_from_the_environment(
    repo: Path, access_token: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("INTERCOM_ACCESS_TOKEN", access_token)
    (repo / ".env.example").write_text("COPY=${INTERCOM_ACCESS_TOKEN}\n")
    facts = facts_of(repo)
    assert value(facts.example).names == ("COPY",)
    assert access_token not in facts.model_dump_json()
