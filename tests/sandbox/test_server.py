import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import httpx
import pytest
from click.testing import CliRunner
from dotenv import dotenv_values

from helpers.cli.sandbox import sandbox as command
from helpers.core.errors import UsageError
from helpers.sandbox import start
from helpers.sandbox.limits import RateLimit
from helpers.sandbox.seeds import DEMO
from tests.conftest import HOME

TOKEN = {"Authorization": f"Bearer {DEMO.profiles['production'].access_token}"}


def test_it_starts_on_a_free_port_and_stops_with_the_context() -> None:
    with start() as one, start() as other:
        assert one.url != other.url
        assert httpx.get(f"{one.url}/me", headers=TOKEN).is_success
        assert httpx.get(f"{other.url}/me", headers=TOKEN).is_success
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{one.url}/me")


def test_its_thread_imports_nothing() -> None:
    """An interruption of the main thread in an import leaves a lock that it would wait for."""
    code = (
        "import sys, httpx; from helpers.sandbox import start\n"
        "with start() as sandbox:\n"
        "    before = set(sys.modules); httpx.get(f'{sandbox.url}/me')\n"
        "    print({name for name in set(sys.modules) - before if name.startswith('uvicorn')})"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_an_open_connection_does_not_hold_up_the_stop() -> None:
    with httpx.Client() as client:
        with start() as running:
            assert client.get(f"{running.url}/me", headers=TOKEN).is_success
        with pytest.raises(httpx.HTTPError):
            client.get(f"{running.url}/me", headers=TOKEN)


def test_a_rate_limit_given_at_the_start_holds_in_every_workspace() -> None:
    limit = RateLimit(app=1, workspace=9, window=3600)
    with start(rate_limit=limit) as running, httpx.Client(headers=TOKEN) as client:
        for name in ("one", "two"):
            me = f"{running.base_url(name)}/me"
            assert [client.get(me).status_code for _ in range(2)] == [200, 429]


def test_a_port_that_is_taken_is_a_usage_error() -> None:
    with start() as running:
        port = running.url.rpartition(":")[2]
        done = CliRunner().invoke(command, ["--port", port])
    assert isinstance(done.exception, UsageError)
    assert f"Port {port} can't be used" in done.exception.message


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=HOME,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_process_says_when_it_is_ready_and_ends_cleanly(number: signal.Signals) -> None:
    with process("-m", "helpers.sandbox") as running:
        assert running.stdout is not None
        url = running.stdout.readline().removeprefix("sandbox ready at ").strip()
        assert httpx.get(f"{url}/me", headers=TOKEN).is_success
        running.send_signal(number)
        output, errors = running.communicate(timeout=30)
    assert (running.returncode, output, errors) == (0, "", "")


def test_the_command_prints_an_env_file_that_works_and_ends_cleanly() -> None:
    with process("-m", "helpers.cli", "sandbox") as running:
        assert running.stdout is not None
        lines = [running.stdout.readline() for _ in range(11)]
        values = dotenv_values(stream=StringIO("".join(lines)))
        headers = {"Authorization": f"Bearer {values['INTERCOM_ACCESS_TOKEN']}"}
        me = httpx.get(f"{values['INTERCOM_BASE_URL']}/me", headers=headers).json()
        assert me["app"]["id_code"] == values["INTERCOM_APP_ID"]
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=30)
    assert (running.returncode, output, errors) == (0, "", "")


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter has after a statement."""
    program = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=HOME, check=True, capture_output=True, text=True
    )
    return set(done.stdout.split())


def test_it_shares_no_code_with_the_client() -> None:
    loaded = loaded_by("import helpers.sandbox.server")
    ours = {name for name in loaded if name.startswith("helpers")}
    assert all(name == "helpers" or name.startswith("helpers.sandbox") for name in ours), ours


def test_the_seeds_can_be_read_without_a_server() -> None:
    loaded = loaded_by("import helpers.sandbox.seeds")
    assert not loaded & {"starlette", "uvicorn", "asyncio", "pydantic"}
