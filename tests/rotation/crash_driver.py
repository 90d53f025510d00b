"""Kill a rotation at every point at which it touches the world, and see what is left.

Run as a program: `crash_driver.py SANDBOX_URL MODE COMPROMISED STRIDE FOLDER`; prints one line of
JSON. A point is the moment before, in the middle of, or after: a write, an fsync, a rename, a
removal, a transaction of the ledger, a request. Children are forked, so that a crash costs
milliseconds; each is ended by SIGKILL, as `kill -9` does.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from helpers.intercom.answers import Answer
from helpers.intercom.calls import call_named
from helpers.intercom.client import Client
from helpers.intercom.developer_hub import App, DeveloperHub
from helpers.model import fingerprint
from helpers.rotation import ledger as ledger_module
from helpers.rotation.access_token import AccessToken
from helpers.rotation.engine import Engine
from helpers.rotation.hold import hold
from helpers.rotation.hub_hand import HubHand
from helpers.rotation.ledger import Entry, Ledger
from helpers.rotation.procedures import Offer
from helpers.rotation.stores.base import Stage
from helpers.rotation.stores.envfile import EnvFileStore
from helpers.rotation.transitions import Mode, State
from helpers.state import open_state

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
VARIABLE, KIND = "INTERCOM_ACCESS_TOKEN", "access_token"


class Bomb:
    """Counts points; at the one it is set to, the process is killed."""

    def __init__(self, at: int = 0) -> None:
        self.at = at
        self.seen = 0

    def tick(self) -> None:
        self.seen += 1
        if self.seen == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.tick()
            result = function(*args, **kwargs)
            self.tick()
            return result

        return call

    def write(self, write: Callable[[int, Any], int]) -> Callable[[int, Any], int]:
        def call(descriptor: int, data: Any) -> int:
            self.tick()
            if len(data) > 1:
                write(descriptor, data[: len(data) // 2])
                self.tick()
                return len(data) // 2
            return write(descriptor, data)

        return call

    @contextmanager
    def writing(self, connection: Any) -> Iterator[Any]:
        self.tick()
        with ORIGINAL_WRITING(connection):
            yield connection
            self.tick()
        self.tick()


LEDGER: Any = ledger_module
ORIGINAL_WRITING = LEDGER.writing


def arm(bomb: Bomb) -> None:
    """Put the bomb round everything that touches the world. Only ever in a forked child."""
    os.write = bomb.write(os.write)
    for name in ("fsync", "replace", "unlink", "pwrite"):
        setattr(os, name, bomb.around(getattr(os, name)))
    LEDGER.writing = bomb.writing
    transport: Any = httpx.HTTPTransport
    transport.handle_request = bomb.around(transport.handle_request)


@dataclass
class World:
    """One rotation's surroundings: a workspace, an app, an env file, a state folder."""

    url: str
    folder: Path
    hub: DeveloperHub
    app: App
    mode: Mode
    compromised: bool

    @property
    def env_file(self) -> Path:
        return self.folder / "env" / ".env"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def store(self) -> EnvFileStore:
        return EnvFileStore(self.env_file, VARIABLE, KIND)

    def entry(self) -> Entry | None:
        with closing(open_state(self.state)) as connection:
            entries = Ledger(connection, clock=lambda: NOW, actor="test").entries()
        return entries[-1] if entries else None

    def ask(self, token: SecretStr) -> Answer:
        with Client(token, self.url) as client:
            return client.call(call_named("GET /me"))


def make_world(url: str, folder: Path, name: str, mode: Mode, *, compromised: bool) -> World:
    base = f"{url}/w/{name}"
    hub = DeveloperHub(f"{base}/_hub")
    app = hub.create_app("Under test", ("read_single_admin", "read_tags"))
    world = World(base, folder / name, hub, app, mode, compromised)
    world.env_file.parent.mkdir(parents=True)
    world.env_file.write_text(f"# ours\n{VARIABLE}={app.access_token.get_secret_value()}\nA=1\n")
    return world


def work(world: World) -> None:
    """Start or go on, to the end."""
    probe: Callable[[SecretStr], frozenset[str]] = lambda _: frozenset({"read_tags"})  # noqa: E731
    with hold(world.state, VARIABLE, "test"), closing(open_state(world.state)) as connection:
        ledger = Ledger(connection, clock=lambda: NOW, actor="test")
        procedure = AccessToken(world.ask, probe, HubHand(world.hub))
        engine = Engine(ledger, world.store(), procedure)
        entries = ledger.entries()
        entry = entries[-1] if entries else None
        entry = entry or engine.start(VARIABLE, world.mode, compromised=world.compromised)
        engine.resume(entry, Offer(attested=frozenset({"readers"})))


def child(world: World, at: int) -> tuple[bool, int]:
    """Work in a forked child that is killed at point `at`; whether it was, and points seen."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        bomb = Bomb(at)
        real_write, status = os.write, 1
        try:
            arm(bomb)
            work(world)
            status = 0
        finally:
            real_write(write, str(bomb.seen).encode())
            os._exit(status)
    os.close(write)
    _, status = os.waitpid(pid, 0)
    with os.fdopen(read) as pipe:
        seen = int(pipe.read() or 0)
    killed = os.WIFSIGNALED(status)
    assert killed or os.WEXITSTATUS(status) == 0, f"the child failed at point {at}"
    return killed, seen


def check_alive(world: World) -> None:
    """A live key is in the store, or (in place) on the app's own page, not yet brought here."""
    if world.compromised:
        return
    store = world.store()
    held = [value for stage in Stage if (value := store.read(stage))]
    if any(world.ask(value).ok for value in held):
        return
    entry = world.entry()
    assert world.mode is Mode.IN_PLACE, "no live key in the store"
    assert entry is not None
    assert entry.state is State.PLANNED, f"no live key in the store at {entry.state}"
    assert world.ask(world.hub.app(world.app.id).access_token).ok, "both keys are lost"


def check_end(world: World) -> None:
    """Done, one generation, the new key in use, no secret anywhere else."""
    entry = world.entry()
    assert entry is not None
    assert entry.state is State.DONE, f"it ended at {entry.state}: {entry.reason}"
    current = world.store().read(Stage.CURRENT)
    assert current is not None
    new, old = current.get_secret_value(), world.app.access_token.get_secret_value()
    assert fingerprint(KIND, new) == entry.new_fingerprint
    assert world.ask(current).ok
    assert not world.ask(SecretStr(old)).ok
    apps = [a for a in httpx.get(f"{world.url}/_hub/apps").json() if "Under test" in a["name"]]
    generations = sum(len(app["tokens"]) for app in apps)
    assert generations == 2, f"{generations - 1} generations"
    assert world.env_file.read_text() == f"# ours\n{VARIABLE}={new}\nA=1\n"
    for path in world.folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert old.encode() not in content, f"{path.name} holds the old key"
        assert path == world.env_file or new.encode() not in content, f"{path.name} holds the new"
    assert [p.name for p in world.env_file.parent.iterdir()] == [".env"], "leftovers"


def main() -> None:
    url, mode, compromised, stride, folder = sys.argv[1:]
    kinds: dict[str, Any] = {"mode": Mode(mode), "compromised": compromised == "True"}

    def world(name: str) -> World:
        return make_world(url, Path(folder), f"{mode}-{compromised}-{name}", **kinds)

    whole = world("whole")
    _, total = child(whole, 0)
    check_end(whole)
    crashes = again = 0
    for at in range(1, total + 1, int(stride)):
        one = world(str(at))
        killed, _ = child(one, at)
        crashes += killed
        check_alive(one)
        killed, _ = child(one, 1 + at * 7919 % 40)  # the resume is killed too, early or late
        again += killed
        check_alive(one)
        child(one, 0)
        check_end(one)
        shutil.rmtree(one.folder)
    sys.stdout.write(json.dumps({"points": total, "crashes": crashes, "again": again}) + "\n")


if __name__ == "__main__":
    main()
