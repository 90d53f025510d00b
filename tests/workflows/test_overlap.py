"""A receiver is tried with both secrets that a rotation keeps in its store."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from helpers.cli.webhook import webhook
from helpers.core.errors import UsageError
from helpers.core.model import fingerprint
from helpers.rotation.stores.envfile import EnvFileStore
from helpers.webhooks.listener import Listener
from helpers.webhooks.signatures import CANVAS_KIT, Verifier
from tests.webhooks.conftest import listener_at_work

VARIABLE = "INTERCOM_CLIENT_SECRET"
Stage = Callable[[EnvFileStore], EnvFileStore]
OLD, NEW = secrets.token_hex(20), secrets.token_hex(20)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path / "state"


@pytest.fixture
def store(tmp_path: Path, state: Path) -> EnvFileStore:
    project = tmp_path / "project"
    project.mkdir()
    (project / ".env.staging").write_text(f"{VARIABLE}={OLD}\n", "utf-8")
    return EnvFileStore(project / ".env.staging", VARIABLE, "client_secret")


def staged(store: EnvFileStore) -> EnvFileStore:
    store.stage(SecretStr(NEW), "a run")
    return store


def swapped(store: EnvFileStore) -> EnvFileStore:
    staged(store).promote(fingerprint("client_secret", OLD), fingerprint("client_secret", NEW))
    return store


def overlap(tmp_path: Path, *arguments: str) -> tuple[object, str]:
    where = ("--profile", "staging", "--repo", str(tmp_path / "project"))
    done = CliRunner().invoke(
        webhook, ["overlap", *where, *arguments], standalone_mode=False, catch_exceptions=False
    )
    return done.return_value, done.output


def listening_for(*known: str) -> Listener:
    return Listener(Verifier(*known), lambda _delivery, _verdict: None)


@pytest.mark.parametrize("stage", [staged, swapped])
def test_before_and_after_the_swap_both_are_found_and_accepted(
    tmp_path: Path, store: EnvFileStore, state: Path, stage: Stage
):
    stage(store)
    with listener_at_work(listening_for(NEW, OLD)) as url:
        status, output = overlap(tmp_path, "--url", url)
    assert status == 0
    assert "run this with --revoked" in output
    assert NEW not in output + (logged := log_of(state))
    assert OLD not in output + logged
    assert "runbook.webhook.overlap" in logged


def log_of(state: Path) -> str:
    (log,) = (state / "staging" / "audit").glob("*.jsonl")
    return log.read_text("utf-8")


def test_a_receiver_that_keeps_the_old_one_fails_afterwards(tmp_path: Path, store: EnvFileStore):
    swapped(store)
    with listener_at_work(listening_for(NEW, OLD)) as url:
        assert overlap(tmp_path, "--url", url, "--revoked")[0] == 14
    with listener_at_work(listening_for(NEW)) as url:
        status, output = overlap(tmp_path, "--url", url, "--revoked")
    assert status == 0
    assert "--try-receiver" in output


def test_a_receiver_that_knows_the_new_one_alone_fails_the_overlap(
    tmp_path: Path, store: EnvFileStore
):
    staged(store)
    with listener_at_work(listening_for(NEW)) as url:
        status, output = overlap(tmp_path, "--url", url)
    assert status == 13
    assert "O01" in output


def test_canvas_kit_requests_are_signed_with_the_same_secret(tmp_path: Path, store: EnvFileStore):
    staged(store)
    both = Listener(Verifier(NEW, OLD, scheme=CANVAS_KIT), lambda *_: None)
    with listener_at_work(both) as url:
        assert overlap(tmp_path, "--url", url, "--scheme", "canvas_kit")[0] == 0
        assert overlap(tmp_path, "--url", url)[0] == 14


def test_without_a_rotation_without_a_receiver_and_in_the_sandbox_it_says_so(
    tmp_path: Path, store: EnvFileStore
):
    with pytest.raises(UsageError, match="no rotation is open"):
        overlap(tmp_path, "--url", "http://127.0.0.1:9/")
    with pytest.raises(UsageError, match="No receiver"):
        overlap(tmp_path)
    with pytest.raises(UsageError, match="rehearsal"):
        overlap(tmp_path, "--url", "http://127.0.0.1:9/", "--profile", "sandbox")


def test_a_receiver_elsewhere_needs_consent(tmp_path: Path, store: EnvFileStore, state: Path):
    staged(store)
    with pytest.raises(UsageError, match="--consent"):
        overlap(tmp_path, "--url", "https://hooks.example.com/in")
    assert not list(state.rglob("*.jsonl"))
