from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from helpers.core.context import Context
from helpers.core.model import Known, Unavailable
from helpers.core.policy import Policy
from helpers.core.redaction import Redactor
from helpers.core.settings import Profile, load_settings
from helpers.environment.collect import collect, shape_of
from helpers.environment.records import EnvironmentFacts, Shape
from tests.conftest import make_access_token, run_git


def facts_of(repo: Path, **environ: str) -> EnvironmentFacts:
    from helpers.intercom.client import Client

    settings = load_settings(Profile.PRODUCTION, repo, environ=environ)
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
