"""`runbook scan`: exit status, formats, several repositories, waivers, liveness."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any, Final

import httpx
import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator
from pydantic import SecretStr

from helpers.cli.scan import scan as command
from helpers.core.errors import UsageError
from helpers.core.model import fingerprint
from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.records import LeakedSecret, Liveness, Place, ScanCoverage
from helpers.exposure.scan import scan
from helpers.exposure.verify import verify_leaks
from helpers.intercom.client import Client
from helpers.sandbox import start
from helpers.sandbox.demo_repository import build
from helpers.sandbox.seeds import DEMO
from tests.conftest import make_access_token, run_git
from tests.vendored import sarif_validator

SCHEMA: Final = Path(__file__).parents[2] / "docs" / "scan.schema.json"


@pytest.fixture
def token(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path / "state"))
    value = make_access_token()
    (repo / "a.txt").write_text(value)
    run_git(repo, "add", "-A")
    return value


def commit(repo: Path) -> None:
    run_git(repo, "commit", "-q", "-m", "work")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, standalone_mode=False)


def test_a_committed_token_fails_with_the_severity(repo: Path, token: str) -> None:
    commit(repo)
    done = run(str(repo), "--rules", "intercom")
    assert done.return_value == 13
    assert token[:12] not in done.output
    assert fingerprint("access_token", token) in done.output


def test_a_staged_token_stops_the_commit(repo: Path, token: str) -> None:
    assert run(str(repo), "--staged", "--fail-on", "medium").return_value == 13
    (repo / "a.txt").write_text("clean")
    run_git(repo, "add", "-A")
    assert run(str(repo), "--staged", "--fail-on", "medium").return_value == 0


def test_a_clean_index_is_reported_without_loading_the_judge(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo / "a.txt").write_text("fine")
    run_git(repo, "add", "-A")
    program = (
        "import sys; from helpers.cli import runbook;"
        "status = runbook.main(['scan', '--staged', sys.argv[1]], standalone_mode=False);"
        "print(status, sorted({'pydantic', 'sqlite3', 'helpers.core.judge'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(repo)],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "No secret is staged. Searched: 1 git objects.\n0 []\n"


def test_an_archive_that_can_not_be_opened_is_reported_before_a_commit(repo: Path) -> None:
    (repo / "a.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(9))
    run_git(repo, "add", "-A")
    assert "a 7z archive, which is not opened" in run(str(repo), "--staged").output


def test_a_secret_in_use_of_no_known_shape_stops_the_commit(repo: Path) -> None:
    value = secrets.token_urlsafe(24)
    (repo / ".gitignore").write_text(".env\n")
    (repo / ".env").write_text(f"INTERCOM_CLIENT_SECRET={value}\n")
    (repo / "notes.txt").write_text(f"remember {value}\n")
    run_git(repo, "add", "-A")
    done = run(str(repo), "--staged")
    assert done.return_value == 14
    assert "INTERCOM_CLIENT_SECRET" in done.output
    assert value not in done.output


def test_a_shallow_clone_could_not_be_looked_at(repo: Path, tmp_path: Path) -> None:
    for text in ("one", "two"):
        (repo / "a.txt").write_text(text)
        run_git(repo, "add", "-A")
        run_git(repo, "commit", "-qm", text)
    run_git(tmp_path, "clone", "-q", "--depth=1", f"file://{repo}", "shallow")
    for threshold in ("low", "critical"):
        assert run(str(tmp_path / "shallow"), "--fail-on", threshold).return_value == 10
    assert "the clone is shallow" in run(str(tmp_path / "shallow")).output


def test_a_shallow_clone_does_not_fail_before_a_commit(
    repo: Path, token: str, tmp_path: Path
) -> None:
    commit(repo)
    run_git(tmp_path, "clone", "-q", "--depth=1", f"file://{repo}", "shallow")
    (tmp_path / "shallow" / "b.txt").write_text(make_access_token())
    run_git(tmp_path / "shallow", "add", "-A")
    done = run(str(tmp_path / "shallow"), "--staged", "--format", "json")
    found = json.loads(done.output)["findings"]
    assert {f["check"] for f in found if f["status"] == "FAIL"} == {"EXP-001"}


def test_ctrl_c_keeps_what_was_searched_of_each_path(
    repo: Path, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repo)
    run_git(tmp_path, "clone", "-q", str(repo), "copy")

    def interrupt(searches: Sequence[Future[object]]) -> None:
        for one in searches:
            one.exception()
        raise KeyboardInterrupt

    monkeypatch.setattr("helpers.exposure.scan.wait", interrupt)
    done = run(str(repo), str(tmp_path / "copy"), "--format", "json", "--rules", "intercom")
    (leak,) = json.loads(done.output)["leaks"]
    assert {p["repository"] for p in leak["places"]} == {str(repo), str(tmp_path / "copy")}


def test_a_stopped_scan_reports_what_it_had_found(repo: Path, token: str, tmp_path: Path) -> None:
    commit(repo)
    stop = Event()
    stop.set()
    scanned = scan(repo, Kingfisher(all_rules=False), stop=stop)
    assert scanned.coverage.interrupted
    assert len(scanned.leaks) == 1


def test_ctrl_c_while_places_are_worked_out_keeps_the_secrets(
    repo: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repo)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("helpers.exposure.locator.Locator.places", interrupt)
    done = run(str(repo), "--rules", "intercom")
    assert done.return_value == 130
    assert fingerprint("access_token", token) in done.output
    assert "Interrupted" in done.output


def test_a_place_names_the_line_of_its_own_commit(repo: Path, token: str) -> None:
    commit(repo)
    added = run_git(repo, "rev-parse", "HEAD").strip()
    (repo / "a.txt").write_text(f"\n\n{token}")
    run_git(repo, "commit", "-q", "-a", "--date=2090-01-01T00:00:00Z", "-m", "moved")
    document = json.loads(run(str(repo), "--format", "json", "--rules", "intercom").output)
    (place,) = document["leaks"][0]["places"]
    assert (place["commit"], place["line"], place["head_line"]) == (added, 1, 3)
    (location,) = sarif(repo)["runs"][0]["results"][0]["locations"]
    assert location["physicalLocation"]["region"] == {"startLine": 3}
    assert "properties" not in location  # the checked-out revision is that of the run


def test_staged_outside_git_is_an_error(tmp_path: Path) -> None:
    error = run(str(tmp_path), "--staged").exception
    assert isinstance(error, UsageError)
    assert "in no git repository" in error.message


def test_a_subdirectory_uses_the_waivers_of_the_top(repo: Path, token: str) -> None:
    (repo / "src").mkdir()
    (repo / "src" / "a.py").write_text("x = 1\n")
    soon = datetime.now(UTC).date() + timedelta(days=30)
    (repo / "waivers.toml").write_text(
        f'[[waiver]]\ncheck = "EXP-001"\nresource = "{fingerprint("access_token", token)}"\n'
        f'owner = "ana@example.com"\nreason = "Dead since the spring."\nexpires = {soon}\n'
    )
    run_git(repo, "add", "-A")
    commit(repo)
    assert run(str(repo / "src"), "--rules", "intercom").return_value == 0


def test_a_missing_path_is_an_error_before_anything_is_searched(repo: Path, tmp_path: Path) -> None:
    error = run(str(repo), str(tmp_path / "none")).exception
    assert isinstance(error, UsageError)
    assert "There is no folder" in error.message


def test_a_secret_in_use_fails_its_own_check(repo: Path, token: str) -> None:
    commit(repo)
    (repo / ".gitignore").write_text(".env\n")
    (repo / ".env").write_text(f"INTERCOM_ACCESS_TOKEN={token}\n")
    done = run(str(repo), "--rules", "intercom")
    assert done.return_value == 14
    assert "EXP-002" in done.output


def test_one_secret_in_two_repositories_is_one_leak(repo: Path, token: str, tmp_path: Path) -> None:
    commit(repo)
    run_git(tmp_path, "clone", "-q", str(repo), "copy")
    done = run(str(repo), str(tmp_path / "copy"), "--format", "json", "--rules", "intercom")
    (leak,) = json.loads(done.output)["leaks"]
    assert {p["repository"] for p in leak["places"]} == {str(repo), str(tmp_path / "copy")}


def test_sarif_points_to_line_and_commit_and_names_the_fingerprint(repo: Path, token: str) -> None:
    (repo / "a.txt").write_text(f"first line\n{token}\n")
    run_git(repo, "add", "-A")
    commit(repo)
    (run_,) = sarif(repo)["runs"]
    (result,) = run_["results"]
    (location,) = result["locations"]
    head = run_git(repo, "rev-parse", "HEAD").strip()
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "a.txt", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 2},
    }
    assert location["properties"] == {"commit": head}
    expected = fingerprint("access_token", token)
    assert location["logicalLocations"][0]["fullyQualifiedName"] == f"secret/{expected}"
    assert run_["originalUriBaseIds"]["%SRCROOT%"] == {"uri": f"{repo.resolve().as_uri()}/"}
    (revision,) = run_["versionControlProvenance"]
    assert revision["revisionId"] == head


def sarif(*paths: Path) -> dict[str, Any]:
    arguments = ("--format", "sarif", "--rules", "intercom")
    document: dict[str, Any] = json.loads(run(*map(str, paths), *arguments).output)
    sarif_validator().validate(document)
    return document


def test_sarif_has_a_rule_for_each_kind_and_a_base_for_each_repository(
    repo: Path, token: str, tmp_path: Path
) -> None:
    secret = secrets.token_hex(20)
    (repo / "b.txt").write_text(f"FIN_AGENT_API_KEY={secret}\n{make_access_token()}\n")
    run_git(repo, "add", "-A")
    commit(repo)
    run_git(tmp_path, "clone", "-q", str(repo), "copy")
    (run_,) = sarif(repo, tmp_path / "copy")["runs"]
    assert [one["id"] for one in run_["tool"]["driver"]["rules"]] == [
        "access_token",
        "fin_agent_key",
    ]
    assert [one["ruleId"] for one in run_["results"]].count("access_token") == 2
    bases = {
        location["physicalLocation"]["artifactLocation"]["uriBaseId"]
        for result in run_["results"]
        for location in result["locations"]
    }
    assert bases == set(run_["originalUriBaseIds"]) == {"REPOSITORY1", "REPOSITORY2"}


def test_sarif_gives_a_secret_in_a_message_no_location(repo: Path) -> None:
    run_git(repo, "commit", "-q", "--allow-empty", "-m", f"use {make_access_token()}")
    (run_,) = sarif(repo)["runs"]
    (result,) = run_["results"]
    assert result["locations"] == []
    assert "CHECKS.md" not in json.dumps(run_)


def test_sarif_names_a_remote_without_its_password(repo: Path, token: str) -> None:
    commit(repo)
    password = secrets.token_hex(8)
    run_git(repo, "remote", "add", "origin", f"https://ada:{password}@git.example.com/a/b.git")
    text = json.dumps(sarif(repo))
    assert "https://git.example.com/a/b.git" in text
    assert password not in text


@pytest.mark.parametrize(
    "remote", ["https://git.example.com:port/a", "https://[git/a", "ssh://git@[/a", "https://"]
)
def test_sarif_names_no_remote_that_has_no_address(repo: Path, token: str, remote: str) -> None:
    commit(repo)
    run_git(repo, "config", "remote.origin.url", remote)
    (provenance,) = sarif(repo)["runs"][0]["versionControlProvenance"]
    assert provenance["repositoryUri"] == f"{repo.as_uri()}/"


def test_the_json_follows_its_schema(planted_json: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    Draft202012Validator(schema).validate(planted_json)
    for name, model in (("place", Place), ("leak", LeakedSecret), ("coverage", ScanCoverage)):
        assert set(schema["$defs"][name]["properties"]) == set(model.model_fields), name


@pytest.fixture
def planted_json(repo: Path, token: str) -> dict[str, Any]:
    commit(repo)
    (repo / "a.txt").write_text("clean")
    (repo / "b.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(9))
    run_git(repo, "commit", "-q", "-a", "-m", "clean")
    document: dict[str, Any] = json.loads(run(str(repo), "--format", "json").output)
    return document


def many(repo: Path, count: int) -> None:
    lines = "".join(f"INTERCOM_ACCESS_TOKEN={make_access_token()}\n" for _ in range(count))
    (repo / "tokens.env").write_text(lines)
    addresses = [f"http://u:{secrets.token_hex(3)}@db{n}.corp/" for n in range(count)]
    (repo / "hosts.txt").write_text("\n".join(addresses))
    run_git(repo, "add", "-A")
    commit(repo)


def test_hundreds_of_secrets_are_readable(repo: Path, token: str) -> None:
    many(repo, 200)
    lines = run(str(repo)).output.splitlines()
    assert len(lines) < 60
    assert sum("1. Rotate it at once" in line for line in lines) == 1
    assert any("Intercom access token: 201 secrets" in line for line in lines)
    assert any("Generic credential uri: 200 secrets, the first in hosts.txt" in s for s in lines)
    assert lines[-1].startswith("401 secrets are exposed (201 high, 200 low).")


def test_verbose_lists_every_secret(repo: Path, token: str) -> None:
    many(repo, 30)
    lines = run(str(repo), "--verbose").output.splitlines()
    assert sum("hosts.txt" in line for line in lines) == 30
    assert sum("tokens.env" in line for line in lines) == 30


def test_what_was_not_searched_ends_with_10_if_nothing_fails(repo: Path) -> None:
    (repo / "a.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(9))
    assert run(str(repo)).return_value == 10
    assert run(str(repo), "--fail-on", "never").return_value == 0


def test_a_waiver_survives_a_rebase_and_hides_no_new_secret(repo: Path, token: str) -> None:
    commit(repo)
    expected = fingerprint("access_token", token)
    end = datetime.now(UTC).date() + timedelta(days=300)
    (repo / "waivers.toml").write_text(
        f'[[waiver]]\ncheck = "EXP-001"\nresource = "{expected}"\nowner = "ana@example.com"\n'
        f'reason = "Dead since the spring; see the ticket."\nexpires = {end}\n'
    )
    run_git(repo, "commit", "-q", "--amend", "-m", "another id")
    assert run(str(repo), "--rules", "intercom").return_value == 0
    (repo / "a.txt").write_text(make_access_token())
    run_git(repo, "commit", "-q", "-a", "-m", "same line, new secret")
    assert run(str(repo), "--rules", "intercom").return_value == 13


@pytest.mark.parametrize("more", [(), ("--staged",), ("--format", "sarif")])
def test_without_verify_the_command_opens_no_socket(
    repo: Path, token: str, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a scan opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    assert run(str(repo), *more).return_value == 13


def test_verify_reports_live_tokens_and_their_workspaces(tmp_path: Path) -> None:
    demo = build(tmp_path / "acme", DEMO)
    environ = tmp_path / "env"
    with start() as sandbox:
        environ.write_text(f"INTERCOM_BASE_URL={sandbox.base_url('mine')}\n")
        arguments = ("--verify", "--env-file", str(environ), "--rules", "intercom", "--no-cache")
        done = run(str(demo), *arguments, "--format", "json")
    found = {leak["fingerprint"]: leak for leak in json.loads(done.output)["leaks"]}
    reader = found[fingerprint("access_token", DEMO.read_token)]
    assert (reader["liveness"], reader["workspace"]) == ("live", DEMO.id_code)
    assert {leak["liveness"] for leak in found.values()} == {
        "live",
        "revoked",
        "unknown",
        "not asked",
    }
    assert DEMO.read_token not in done.output


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"type": "admin", "app": {"id_code": "abc12345"}}, Liveness.LIVE),
        (401, {"errors": [{"code": "token_revoked"}]}, Liveness.REVOKED),
        (401, {"errors": [{"code": "token_unauthorized"}]}, Liveness.UNKNOWN),
        (403, {"errors": [{"code": "forbidden"}]}, Liveness.UNKNOWN),
    ],
)
def test_liveness_follows_from_the_answer_of_intercom(
    repo: Path, token: str, status: int, body: object, expected: Liveness
) -> None:
    commit(repo)
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["Authorization"])
        return httpx.Response(status, json=body)

    def connect(value: SecretStr) -> Iterator[Client]:
        yield Client(value, "https://api.intercom.io", transport=httpx.MockTransport(answer))

    engine = Kingfisher(all_rules=False)
    scanned = scan(repo, engine)
    (leak,) = verify_leaks(scanned.leaks, scanned.sources, engine, connect)
    assert leak.liveness is expected
    assert leak.workspace == ("abc12345" if expected is Liveness.LIVE else "")
    assert set(asked) == {f"Bearer {token}"}
