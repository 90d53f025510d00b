"""Names of secrets: the same everywhere, unless the value could be found by guessing."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from helpers.core.fingerprints import fingerprint, is_guessable
from tests.conftest import make_access_token


@pytest.mark.parametrize(
    "value",
    [make_access_token(), str(uuid.uuid4()), secrets.token_hex(20), secrets.token_urlsafe(30)],
    ids=["access token", "UUID", "hex", "base64"],
)
def test_a_random_secret_has_the_same_plain_fingerprint_on_every_machine(
    value: str, tmp_path: Path
) -> None:
    assert not is_guessable(value)
    assert elsewhere(value, tmp_path / "one") == elsewhere(value, tmp_path / "two")
    assert not list(tmp_path.rglob("*.key"))


@pytest.mark.parametrize(
    "value", ["password", "abc", "hunter2hunter2", "a" * 64, "123456789012345"]
)
def test_a_guessable_value_has_a_fingerprint_of_this_installation_only(
    value: str, tmp_path: Path
) -> None:
    one, again, other = (elsewhere(value, tmp_path / name) for name in ("one", "one", "two"))
    assert one == again
    assert one != other
    assert one.startswith("k-")
    assert (tmp_path / "one" / "fingerprint.key").stat().st_mode & 0o777 == 0o600


def test_a_password_is_guessable_whatever_its_length() -> None:
    assert is_guessable("Correct-Horse-Battery-Staple-2026", "generic-password")
    assert fingerprint("generic-password", "Correct-Horse-Battery-Staple-2026").startswith("k-")


def test_without_a_state_folder_a_guessable_value_still_gets_a_keyed_fingerprint(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    found = elsewhere("password", tmp_path / "file" / "state")
    assert found.startswith("k-")


def elsewhere(value: str, state: Path) -> str:
    """Return the fingerprint as a process with this state folder computes it."""
    code = "import sys; from helpers.core.fingerprints import fingerprint as f; "
    code += "print(f('client_secret', sys.stdin.read()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=value,
        env={**os.environ, "RUNBOOK_STATE_HOME": str(state)},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()
