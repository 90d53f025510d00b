"""The try-out that the documentation describes: real processes, a terminal, a local Intercom."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from helpers.core.model import fingerprint
from helpers.core.settings import Profile, load_settings
from helpers.intercom.developer_hub import App, DeveloperHub
from helpers.rotation.verification import NO_WIDER
from tests.conftest import HOME
from tests.rotation.terminal import Terminal, at_terminal

ROTATE = ("rotate", "access-token", "--profile", "development", "--env-file", "sandbox.env")


@dataclass
class TryOut:
    """A folder with `sandbox.env` in it, as `runbook sandbox` printed it."""

    folder: Path

    @property
    def env(self) -> dict[str, str]:
        bare = {k: v for k, v in os.environ.items() if not k.startswith(("INTERCOM_", "RUNBOOK_"))}
        return bare | {"RUNBOOK_STATE_HOME": str(self.folder / "state")}

    @property
    def token(self) -> SecretStr:
        settings = load_settings(
            Profile.DEVELOPMENT, self.folder, env_file=self.folder / "sandbox.env", environ={}
        )
        found = settings.credential("INTERCOM_ACCESS_TOKEN")
        assert found is not None
        return found.value

    @property
    def hub(self) -> DeveloperHub:
        (url,) = re.findall(r"developer hub, for tests: (\S+)/", self.text())
        return DeveloperHub(url)

    def app(self) -> App:
        """The app whose token is in the file."""
        found = self.hub.app_of(fingerprint("access_token", self.token.get_secret_value()))
        assert found is not None
        return found

    def text(self) -> str:
        return (self.folder / "sandbox.env").read_text()

    def terminal(self, *arguments: str) -> AbstractContextManager[Terminal]:
        return at_terminal(*ROTATE, *arguments, cwd=self.folder, env=self.env)

    def piped(self, typed: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            (sys.executable, "-m", "helpers.cli", *ROTATE, *arguments),
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=self.env,
        )

    def leaks(self, *values: str) -> list[str]:
        """Files that hold one of these, in the state and beside the env file."""
        return [
            path.name
            for path in self.folder.rglob("*")
            if path.is_file() and any(value.encode() in path.read_bytes() for value in values)
        ]


@pytest.fixture
def tryout(tmp_path: Path) -> Iterator[TryOut]:
    one, env_file = TryOut(tmp_path), tmp_path / "sandbox.env"
    command = (sys.executable, "-m", "helpers.cli", "sandbox")
    with (
        env_file.open("wb") as out,
        subprocess.Popen(command, stdout=out, env=one.env, cwd=tmp_path) as process,
    ):
        until = time.monotonic() + 60
        while "INTERCOM_IDENTITY_SECRET" not in env_file.read_text():
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.05)
        yield one
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_overlap_at_a_terminal_killed_at_the_prompt_and_resumed(tryout: TryOut) -> None:
    before, old = tryout.app(), tryout.token.get_secret_value()
    with tryout.terminal() as person:
        person.answers("Start?", "y")
        person.sees("New key (not shown)")
        person.process.kill()
        person.process.wait()
    second = tryout.hub.create_app("Second", before.scopes)
    new = second.access_token.get_secret_value()
    with tryout.terminal("--resume") as person:
        person.answers("New key (not shown)", "no key")
        person.sees("This is not a key: it is too short")
        person.answers("New key (not shown)", old)
        person.sees("This is the key in use now")
        person.answers("New key (not shown)", new)
        person.sees("whether the new key has wider scopes: read_events")
        person.answers("Do you confirm: no wider scopes?", "y")
        person.answers("Do you confirm: readers?", "y")
        person.sees("Uninstall the old app")
        assert tryout.token.get_secret_value() == new
        tryout.hub.uninstall(before.id)
        person.answers("Done?", "y")
        assert person.ends() == 0
    assert "INTERCOM_ACCESS_TOKEN is at DONE." in person.seen
    assert new not in person.seen
    assert old not in person.seen
    assert tryout.leaks(new) == ["sandbox.env"]
    assert tryout.leaks(old) == []


def test_in_place_left_at_the_prompt_and_finished_by_standard_input(tryout: TryOut) -> None:
    app, old = tryout.app(), tryout.token.get_secret_value()
    with tryout.terminal("--mode", "in-place") as person:
        person.answers("Start?", "y")
        person.sees("THE OLD TOKEN MAY DIE AT THIS CLICK")
        person.sees("New key (not shown)")
        person.types("\x03")
        assert person.ends() == 130
    new = tryout.hub.regenerate_token(app.id).access_token.get_secret_value()
    for typed, answer in ((f"{old}\n", "in use now"), (f"{new}\n{new}\n", "This is not a key")):
        wrong = tryout.piped(typed, "--resume", "--stdin")
        assert (wrong.returncode, answer in wrong.stdout) == (3, True)
    empty = tryout.piped("", "--resume", "--stdin")
    assert (empty.returncode, "Nothing came on standard input" in empty.stderr) == (2, True)
    waiting = tryout.piped(f"{new}\n", "--resume", "--stdin", "--confirm", "readers")
    assert (waiting.returncode, "confirm 'no wider scopes'" in waiting.stdout) == (3, True)
    done = tryout.piped("", "--resume", "--confirm", "readers", "--confirm", NO_WIDER)
    assert done.returncode == 0, done.stderr
    assert "is at DONE" in done.stdout
    assert new not in done.stdout + done.stderr + person.seen
    assert tryout.leaks(new) == ["sandbox.env"]
    assert tryout.leaks(old) == []


def test_of_two_operators_at_once_one_is_told_who_holds_it(tryout: TryOut) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: tryout.piped("", "--yes"), range(2)))
    late, first = sorted(both, key=lambda done: done.returncode)
    assert (late.returncode, first.returncode) == (1, 3)
    assert re.search(r"\S+@\S+ (opened it on|is working)", late.stderr), late.stderr


def test_a_key_is_not_typed_where_the_terminal_would_show_it(tryout: TryOut) -> None:
    with tryout.terminal("--stdin") as person:
        assert person.ends() == 2
    assert "Omit --stdin" in person.seen


def test_the_sandbox_profile_says_that_it_forgets(tmp_path: Path) -> None:
    rotate = ("rotate", "access-token", "--profile", "sandbox")
    env = TryOut(tmp_path).env
    with at_terminal(*rotate, cwd=tmp_path, env=env) as person:
        person.answers("Start?", "y")
        person.answers("Do you confirm: readers?", "y")
        assert person.ends() == 0
    assert "is at DONE" in person.seen
    with at_terminal(*rotate, "--resume", cwd=tmp_path, env=env) as person:
        assert person.ends() == 2
    assert "runbook sandbox > sandbox.env" in person.seen


def test_the_documentation_names_the_app_whose_token_the_sandbox_prints(tryout: TryOut) -> None:
    assert f"/apps/{tryout.app().id}" in (HOME / "docs" / "rotation.md").read_text()
