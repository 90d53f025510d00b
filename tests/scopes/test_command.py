"""`runbook scopes` and `runbook calls`: every option, and what is wrong with what a user gives."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from helpers.cli.calls import calls
from helpers.cli.scopes import scopes
from helpers.core.errors import ConfigurationError, UsageError
from helpers.core.exit_status import NOTHING_VERIFIED
from helpers.core.steps import STEPS
from helpers.intercom.calls import AUDIT_CALLS
from helpers.intercom.scopes import catalog
from helpers.notebook.sandbox_profile import SANDBOX_URL
from helpers.scopes.documents import page
from helpers.scopes.probes import WRITE_PROBES
from tests.conftest import make_access_token
from tests.intercom.hub import Hub

TITLES = ("Granted and used", "To do", "Blast radius", "After a removal, test", "Since last time")
SOURCE = 'import httpx\n\nhttpx.get("https://api.intercom.io/tags")\n'


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(scopes, [str(a) for a in arguments], standalone_mode=False)


def shown(*arguments: str | Path) -> str:
    done = run(*arguments)
    assert done.exception is None, done.exception
    assert done.return_value == 0
    return done.stdout


@pytest.fixture
def demo(sandbox_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox profile, on the session's own sandbox."""
    monkeypatch.setenv(SANDBOX_URL, sandbox_url)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a source, a state of its own, and no variable of this machine's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("RUNBOOK_PROFILE", "sandbox")
    (tmp_path / "sync.py").write_text(SOURCE)
    return tmp_path


@pytest.fixture
def env_file(hub: Hub, project: Path) -> Path:
    """Production, whose token may do more than the source needs."""
    token = hub.token({"read_single_admin", "read_admins", "read_tags", "read_news", "write_tags"})
    path = project / "live.env"
    path.write_text(f"INTERCOM_BASE_URL={hub.url}\nINTERCOM_ACCESS_TOKEN={token}\n")
    return path


def test_without_options_the_demo_is_shown_whole(demo: None) -> None:
    text = shown()
    assert all(f"\n{title}\n" in text for title in TITLES)
    assert "untick" in text


def test_the_profile_the_env_file_and_the_repository_are_taken(env_file: Path) -> None:
    options = ("--profile", "production", "--env-file", env_file, "--repo", env_file.parent)
    text = shown(*options)
    assert "sync.py:3" in text
    assert "Read and list news items and newsfeeds (read_news)" in text
    token = env_file.read_text().rpartition("TOKEN=")[2].strip()
    assert token not in text


def test_the_policy_says_what_is_allowed(env_file: Path) -> None:
    options = ("--profile", "production", "--env-file", env_file, "--repo", env_file.parent)
    policy = env_file.with_name("own.toml")
    policy.write_text("[scopes]\nallowed = []\n")
    assert "fits" in shown(*options)
    text = shown(*options, "--policy", policy)
    assert "allow, or remove the call" in text
    assert "fits" not in text


def test_what_changed_since_the_last_call_is_shown(hub: Hub, env_file: Path) -> None:
    options = ("--profile", "production", "--env-file", env_file)
    assert "This is the first review of this profile." in shown(*options)
    assert "Nothing changed." in shown(*options)
    less = hub.token({"read_single_admin", "read_admins", "read_tags"})
    env_file.write_text(f"INTERCOM_BASE_URL={hub.url}\nINTERCOM_ACCESS_TOKEN={less}\n")
    drift = shown(*options).rpartition("Since last time")[2]
    assert "– went  Read and list news items and newsfeeds (read_news)" in drift


def test_an_observed_file_counts_from_then_on(env_file: Path) -> None:
    options = ("--profile", "production", "--env-file", env_file, "--repo", env_file.parent)
    assert "GET /news" not in shown(*options)
    seen, more = env_file.with_name("seen"), env_file.with_name("more")
    seen.write_text("GET /news/news_items\n")
    more.write_text("GET /articles\n")
    assert "GET /news/news_items" in shown(*options, "--observed", seen, "--observed", more)
    text = shown(*options)
    assert "GET /news/news_items" in text
    assert "GET /articles" in text


@pytest.mark.parametrize("content", [None, "nothing to see"])
def test_a_file_that_shows_nothing_is_refused_before_anything_is_asked(
    content: str | None, hub: Hub, env_file: Path
) -> None:
    path = env_file.with_name("odd.har")
    if content:
        path.write_text(content)
    done = run("--profile", "production", "--env-file", env_file, "--observed", path)
    assert isinstance(done.exception, UsageError)
    assert "odd.har" in str(done.exception)
    assert hub.requests() == []


def test_write_probes_are_listed_before_the_first_is_sent_and_tell_more(
    hub: Hub, env_file: Path
) -> None:
    options = ("--profile", "production", "--env-file", env_file)
    assert "Update admins" in shown(*options)
    assert not any(call["method"] != "GET" for call in hub.requests())
    done = run(*options, "--probe-writes")
    listed = done.stderr.splitlines()
    assert listed[2:] == [f"  {call.name}" for call in WRITE_PROBES]
    assert "Update admins" not in done.stdout  # refused now, so no longer among the unseen
    sent = [call for call in hub.requests() if call["method"] != "GET"]
    assert {call["status"] for call in sent} <= {403, 404}


def test_the_section_is_toml_that_fits_the_code(env_file: Path) -> None:
    options = ("--profile", "production", "--env-file", env_file, "--repo", env_file.parent)
    table = tomllib.loads(shown(*options, "--section"))
    allowed = table["profiles"]["production"]["scopes"]["allowed"]
    assert allowed == ["read_single_admin", "read_admins", "read_tags"]


def test_the_catalog_is_listed_and_printed_without_a_token(project: Path) -> None:
    keys = [line.split()[0] for line in shown("--list").splitlines()]
    assert keys == list(catalog())
    assert shown("--page") == page()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--profile", "prod"), "sandbox, development, staging, production"),
        (("--profile", "production", "--env-file", "nowhere.env"), "nowhere.env"),
        (("--profile", "production", "--policy", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_what_is_not_there_is_named(options: tuple[str, ...], named: str, project: Path) -> None:
    error = run(*options).exception
    assert isinstance(error, (UsageError, ConfigurationError))
    assert named in f"{error.message} {error.advice}"


def test_a_repository_that_is_not_there_is_refused_at_once(env_file: Path) -> None:
    done = run("--profile", "production", "--env-file", env_file, "--repo", "nowhere")
    assert isinstance(done.exception, UsageError)
    assert "nowhere does not exist" in done.exception.message
    assert not done.stdout


@pytest.mark.parametrize("token", ["", "dead"])
def test_a_token_that_could_not_be_asked_ends_with_its_own_status(
    token: str, hub: Hub, project: Path
) -> None:
    path = project / "live.env"
    value = make_access_token() if token else ""
    path.write_text(f"INTERCOM_BASE_URL={hub.url}\nINTERCOM_ACCESS_TOKEN={value}\n")
    done = run("--profile", "production", "--env-file", path)
    assert done.return_value == NOTHING_VERIFIED
    assert ("unauthorized" if token else "INTERCOM_ACCESS_TOKEN is not set") in done.stdout


def test_calls_are_machine_readable_whole_and_by_step() -> None:
    rows = listed()
    assert [f"{row['method']} {row['route']}" for row in rows] == [c.name for c in AUDIT_CALLS]
    assert {row["kind"] for row in rows} == {"read", "write"}
    for step in STEPS:
        assert listed(step.name) == [row for row in rows if step.name in row["steps"]]


def listed(*arguments: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(calls, [*arguments, "--json"], standalone_mode=False)
    assert done.exception is None, done.exception
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_calls_of_a_step_that_does_not_exist_name_those_that_do() -> None:
    done = CliRunner().invoke(calls, ["everything"], standalone_mode=False)
    assert isinstance(done.exception, UsageError)
    assert "environment, exposure" in done.exception.advice
