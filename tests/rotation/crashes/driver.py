"""Kill a rotation at every point at which it touches the world, and see what is left.

Run as a program: `python -m tests.rotation.crashes.driver SANDBOX_URL STORE STRIDE FOLDER`; prints
a line of JSON for each kind of key and way of rotating it: the points there are, how many of them
it was killed at, and how many resumes were killed too.
"""

from __future__ import annotations

import json
import secrets
import shutil
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from helpers.model import fingerprint
from helpers.rotation.engine import Engine
from helpers.rotation.hold import hold
from helpers.rotation.ledger import Entry, Ledger
from helpers.rotation.stores.base import Stage
from helpers.rotation.transitions import Mode, State
from helpers.state import open_state
from tests.rotation.crashes.bomb import in_child
from tests.rotation.crashes.keys import Key, key_of
from tests.rotation.crashes.places import VARIABLE, Place, place_of

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WAYS = (
    ("access_token", Mode.OVERLAP),
    ("access_token", Mode.IN_PLACE),
    ("client_secret", Mode.IN_PLACE),
    ("identity_secret", Mode.OVERLAP),
)


@dataclass
class World:
    """One rotation's surroundings: a key in a workspace, a store that holds it, a state folder."""

    kind: str
    mode: Mode
    compromised: bool
    key: Key
    place: Place
    folder: Path
    rest: Any = None  # what the store holds beside the key, before the rotation

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def entry(self) -> Entry | None:
        with closing(open_state(self.state)) as connection:
            entries = Ledger(connection, clock=lambda: NOW, actor="test").entries()
        return entries[-1] if entries else None

    def held(self) -> dict[Stage, str]:
        store = self.place.open()
        found = {stage: store.read(stage) for stage in Stage}
        return {stage: value.get_secret_value() for stage, value in found.items() if value}

    def work(self) -> None:
        """Start or go on, to the end; a person brings what is asked for."""
        with hold(self.state, VARIABLE, "test"), closing(open_state(self.state)) as connection:
            ledger = Ledger(connection, clock=lambda: NOW, actor="test")
            engine = Engine(ledger, self.place.open(), self.key.procedure())
            entries = ledger.entries()
            entry = entries[-1] if entries else None
            entry = entry or engine.start(VARIABLE, self.mode, compromised=self.compromised)
            for _ in range(4):
                standing = engine.resume(ledger.entry(entry.id), self.key.offer())
                if standing.pause is None:
                    break


def make_world(url: str, folder: Path, store: str, way: tuple[str, Mode, bool]) -> World:
    kind, mode, compromised = way
    name = f"crash-{secrets.token_hex(6)}"
    key, (home, kept) = key_of(kind, f"{url}/w/{name}"), (folder / name, folder / name / "kept")
    kept.mkdir(parents=True)
    place = place_of(store, name, kind, key.old, kept)
    return World(kind, mode, compromised, key, place, home, place.rest())


def check_alive(world: World) -> None:
    """A live key is in the store, or on the app's own page, to be brought here (in place)."""
    if world.compromised or any(map(world.key.lives, world.held().values())):
        return
    entry = world.entry()
    assert world.mode is Mode.IN_PLACE, "no live key in the store"
    assert entry is not None
    assert entry.state is State.PLANNED, f"no live key in the store at {entry.state}"
    assert world.key.waits(), "both keys are lost"


def check_end(world: World) -> None:
    """Done, one generation, the new key in use, no secret anywhere else."""
    entry, held = world.entry(), world.held()
    assert entry is not None
    assert entry.state is State.DONE, f"it ended at {entry.state}: {entry.reason}"
    assert list(held) == [Stage.CURRENT], "a key still waits in the store"
    new = held[Stage.CURRENT]
    assert fingerprint(world.kind, new) == entry.new_fingerprint
    assert world.key.lives(new)
    assert not world.key.lives(world.key.old)
    assert world.key.single(new), "more than one key was made"
    assert world.place.rest() == world.rest, "what lies beside the key was changed"
    for path in world.folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert world.key.old.encode() not in content, f"{path.name} holds the old key"
        assert path.name == ".env" or new.encode() not in content, f"{path.name} holds the new"


def crash_everywhere(
    url: str, folder: Path, store: str, way: tuple[str, Mode, bool], *, stride: int, first: int
) -> dict[str, int]:
    whole = make_world(url, folder, store, way)
    _, total = in_child(whole.work)
    check_end(whole)
    crashes = again = 0
    for at in range(1 + first % min(stride, total), total + 1, stride):
        world = make_world(url, folder, store, way)
        killed, _ = in_child(world.work, at)
        crashes += killed
        check_alive(world)
        killed, _ = in_child(world.work, 1 + at * 7919 % 40)  # the resume too, early or late
        again += killed
        check_alive(world)
        in_child(world.work)
        check_end(world)
        shutil.rmtree(world.folder)
    return {"points": total, "crashes": crashes, "resumes": again}


def main() -> None:
    url, store, stride, folder = sys.argv[1:]
    ways = [(kind, mode, stolen) for kind, mode in WAYS for stolen in (False, True)]
    for number, way in enumerate(ways):
        first = number * int(stride) // len(ways)  # not the same points in each
        counted = crash_everywhere(url, Path(folder), store, way, stride=int(stride), first=first)
        kind, mode, stolen = way
        told = {"way": f"{kind}, {'compromised, ' if stolen else ''}{mode}", **counted}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
