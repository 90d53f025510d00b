"""A receiver that is tried with both secrets carries the rotation of its client secret on."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from helpers.cli.rotate import rotate
from helpers.core.errors import UsageError
from helpers.rotation.client_secret import NEW_WORKS
from helpers.webhooks.listener import Listener
from helpers.webhooks.signatures import Verifier
from tests.webhooks.conftest import listener_at_work

VARIABLE = "INTERCOM_CLIENT_SECRET"
OLD, NEW = secrets.token_hex(20), secrets.token_hex(20)
Resume = Callable[..., tuple[object, str]]


@pytest.fixture
def resume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Resume]:
    """A rotation that is at SWAPPED, and its command."""
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv(VARIABLE, raising=False)
    (tmp_path / ".env").write_text(f"{VARIABLE}={OLD}\n", "utf-8")
    where = ("client-secret", "--profile", "staging", "--env-file", str(tmp_path / ".env"))

    def run(*arguments: str, typed: str = "") -> tuple[object, str]:
        words = (*where, "--repo", str(tmp_path), *arguments)
        done = CliRunner().invoke(
            rotate, words, input=typed, standalone_mode=False, catch_exceptions=False
        )
        assert NEW not in done.output
        return done.return_value, done.output

    _, output = run("--stdin", "--confirm", NEW_WORKS, typed=NEW)
    assert "is at SWAPPED" in output
    yield lambda *arguments: run("--resume", *arguments)
    assert NEW in (tmp_path / ".env").read_text("utf-8")


def listening_for(*known: str) -> Listener:
    return Listener(Verifier(*known), lambda _delivery, _verdict: None)


def test_accepting_both_confirms_and_refusing_the_old_one_ends_it(resume: Resume) -> None:
    with listener_at_work(listening_for(NEW, OLD)) as url:
        status, output = resume("--try-receiver", url)
        assert (status, "is at CONFIRMED" in output) == (3, True)
        status, output = resume("--try-receiver", url)
        assert (status, "does not show it yet" in output) == (3, True)
        assert "is at CONFIRMED" in output
    with listener_at_work(listening_for(NEW)) as url:
        status, output = resume("--try-receiver", url)
    assert (status, "is at DONE" in output) == (0, True)


def test_a_receiver_that_knows_one_secret_alone_confirms_nothing(resume: Resume) -> None:
    with listener_at_work(listening_for(NEW)) as url:
        status, output = resume("--try-receiver", url)
    assert (status, "is at SWAPPED" in output) == (3, True)
    assert "O01" in output


def test_a_receiver_that_is_not_there_confirms_nothing(resume: Resume) -> None:
    status, output = resume("--try-receiver", "http://127.0.0.1:9/")
    assert (status, "is at SWAPPED" in output) == (3, True)


def test_one_receiver_does_not_stand_for_several_consumers(resume: Resume, tmp_path: Path) -> None:
    policy = tmp_path / "several.toml"
    policy.write_text(
        "".join(
            f'[[rotation.consumers]]\nname = "{name}"\nvariable = "{VARIABLE}"\n'
            for name in ("api", "worker")
        ),
        "utf-8",
    )
    with listener_at_work(listening_for(NEW, OLD)) as url:
        asked = ("--try-receiver", url, "--policy", str(policy), "--trust-policy")
        status, output = resume(*asked)
    assert (status, "worker" in output) == (3, True)
    assert "is at SWAPPED" in output


@pytest.mark.parametrize("words", [("access-token", "--resume"), ("client-secret",)])
def test_elsewhere_a_receiver_shows_nothing(resume: Resume, words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(
        rotate, [*words, "--try-receiver", "http://127.0.0.1:9/"], standalone_mode=False
    )
    assert isinstance(done.exception, UsageError | click.ClickException)
