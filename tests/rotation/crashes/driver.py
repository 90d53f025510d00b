"""Kill a rotation at every point at which it touches the world, and see what is left.

Run as a program: `python -m tests.rotation.crashes.driver SANDBOX_URL STORE STRIDE FOLDER`; prints
a line of JSON for each kind of key and way of rotating it: the points there are, how many of them
it was killed at, and how many resumes were killed too.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx

from helpers.core.model import fingerprint
from helpers.rotation.engine import RotationEngine
from helpers.rotation.ledger import Ledger, LedgerEntry
from helpers.rotation.procedure import OperatorInput, ProbeOutcome, ProbeResult, Procedure
from helpers.rotation.session import rotation_lock
from helpers.rotation.stores.base import Stage
from helpers.rotation.transitions import Mode, State
from helpers.system.state import open_state
from tests.rotation.crashes.bomb import in_child
from tests.rotation.crashes.keys import Key, key_of
from tests.rotation.crashes.places import VARIABLE, Place, place_of

ENDS = {"": State.DONE, "abort": State.ABORTED, "roll back": State.ROLLED_BACK}
NOW = datetime(2026, 5, 18, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Way:
    """What is rotated and how; `leave` by one of the exits before the end."""

    kind: str
    mode: Mode
    compromised: bool = False
    leave: str = ""

    def __str__(self) -> str:
        words = (self.kind, "compromised" * self.compromised, self.mode, self.leave)
        return ", ".join(word for word in words if word)


WAYS = (
    Way("access_token", Mode.OVERLAP),
    Way("access_token", Mode.OVERLAP, compromised=True),
    Way("access_token", Mode.IN_PLACE),
    Way("access_token", Mode.IN_PLACE, compromised=True),
    Way("client_secret", Mode.IN_PLACE),
    Way("client_secret", Mode.IN_PLACE, compromised=True),
    Way("identity_secret", Mode.OVERLAP),
    Way("identity_secret", Mode.OVERLAP, compromised=True),
    Way("access_token", Mode.OVERLAP, leave="abort"),
    Way("access_token", Mode.OVERLAP, leave="roll back"),
)


@dataclass
class World:
    """One rotation's surroundings: a key in a workspace, a store that holds it, a state folder."""

    way: Way
    key: Key
    place: Place
    folder: Path
    rest: Any = None  # what the store holds beside the key, before the rotation

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def entry(self) -> LedgerEntry | None:
        with closing(open_state(self.state)) as connection:
            entries = Ledger(connection, clock=lambda: NOW, actor="test").entries()
        return entries[-1] if entries else None

    def held(self) -> dict[Stage, str]:
        store = self.place.open()
        found = {stage: store.read(stage) for stage in Stage}
        return {stage: value.get_secret_value() for stage, value in found.items() if value}

    def work(self) -> None:
        """Start or go on, to the end; a person brings what is asked for, or leaves."""
        with (
            rotation_lock(self.state, VARIABLE, "test"),
            closing(open_state(self.state)) as connection,
        ):
            ledger = Ledger(connection, clock=lambda: NOW, actor="test")
            engine = RotationEngine(ledger, self.place.open(), self.procedure())
            entries = ledger.entries()
            entry = entries[-1] if entries else None
            way = self.way
            entry = entry or engine.start(VARIABLE, way.mode, compromised=way.compromised)
            for _ in range(1 if way.leave else 4):
                offer = OperatorInput() if way.leave else self.key.offer()
                if engine.resume(ledger.entry(entry.id), offer).pause is None:
                    break
            entry = ledger.entry(entry.id)
            if entry.open and way.leave:
                (engine.abort if way.leave == "abort" else engine.roll_back)(entry)

    def procedure(self) -> Procedure:
        """The key's procedure; where somebody is to abort, the new key will not do."""
        procedure: Any = self.key.procedure()
        if self.way.leave == "abort":
            procedure.verify = lambda *_: ProbeResult(ProbeOutcome.REFUTED, "It will not do.")
        return cast("Procedure", procedure)


def make_world(url: str, folder: Path, store: str, way: Way) -> World:
    """A world of its own. The sandbox's workspace is made anew: it has no room for thousands."""
    name, workspace = f"crash-{secrets.token_hex(6)}", f"crash-{os.getpid()}"
    httpx.post(f"{url}/_hub/workspaces", json={"name": workspace}).raise_for_status()
    home, kept = folder / name, folder / name / "kept"
    kept.mkdir(parents=True)
    key = key_of(way.kind, f"{url}/w/{workspace}")
    place = place_of(store, name, way.kind, key.old, kept)
    return World(way, key, place, home, place.rest())


def check_alive(world: World) -> None:
    """A live key is in the store, or on the app's own page, to be brought here (in place)."""
    if world.way.compromised or any(map(world.key.lives, world.held().values())):
        return
    entry = world.entry()
    assert world.way.mode is Mode.IN_PLACE, "no live key in the store"
    assert entry is not None
    assert entry.state is State.PLANNED, f"no live key in the store at {entry.state}"
    assert world.key.waits(), "both keys are lost"


def check_end(world: World) -> None:
    """The state that it should end in, one key in use, and no secret anywhere else."""
    entry, held = world.entry(), world.held()
    assert entry is not None
    assert entry.state is ENDS[world.way.leave], f"it ended at {entry.state}: {entry.reason}"
    assert list(held) == [Stage.CURRENT], "a key still waits in the store"
    assert world.place.rest() == world.rest, "what lies beside the key was changed"
    current, old = held[Stage.CURRENT], world.key.old
    assert world.key.lives(current)
    if world.way.leave:
        assert current == old
    else:
        assert fingerprint(world.way.kind, current) == entry.new_fingerprint
        assert not world.key.lives(old)
        assert world.key.single(current), "more than one key was made"
    for path in world.folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert path.name == ".env" or current.encode() not in content, f"{path.name} holds a key"
        assert current == old or old.encode() not in content, f"{path.name} holds the old key"


def crash_everywhere(
    url: str, folder: Path, store: str, way: Way, *, stride: int, first: int
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
    for number, way in enumerate(WAYS):
        first = number * int(stride) // len(WAYS)  # not the same points in each
        counted = crash_everywhere(url, Path(folder), store, way, stride=int(stride), first=first)
        sys.stdout.write(json.dumps({"way": str(way), **counted}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
