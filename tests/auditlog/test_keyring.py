"""The seal key in the system's keyring: real, locked, lost, behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from helpers.auditlog.log import AuditLog
from helpers.auditlog.records import LogVerdict
from helpers.auditlog.seal_key_store import SealKeyStore
from helpers.auditlog.verification import verify
from helpers.core.errors import ConfigurationError, StateError
from tests.auditlog.builders import ROOT, Bench

keyring = pytest.importorskip("keyring", reason="needs keyring")


class Ring:
    """A keyring in memory, of a kind that counts as protected."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], str] = {}
        self.locked = False
        self.asked = 0

    def get_password(self, service: str, name: str) -> str | None:
        self._open()
        return self.held.get((service, name))

    def set_password(self, service: str, name: str, value: str) -> None:
        self._open()
        self.held[service, name] = value

    def _open(self) -> None:
        self.asked += 1
        if self.locked:
            raise keyring.errors.KeyringLocked("locked")

    @property
    def told(self) -> dict[str, Any]:
        (value,) = self.held.values()
        found: dict[str, Any] = json.loads(value)
        return found


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    made = Ring()
    protected = type("Keyring", (), {"__module__": "keyring.backends.SecretService"})()
    monkeypatch.setattr(keyring, "get_keyring", lambda: protected)
    monkeypatch.setattr(keyring, "get_password", made.get_password)
    monkeypatch.setattr(keyring, "set_password", made.set_password)
    return made


@pytest.fixture
def sealed(bench: Bench, ring: Ring) -> Bench:
    """A log that is sealed with a key in the keyring."""
    with bench.open() as log:
        log.start_sealing(root_key=ROOT, keyring=True)
    return bench


def _file(bench: Bench) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((bench.state / "keys" / "seal.key").read_bytes())
    return found


def test_the_key_is_in_the_keyring_and_not_in_the_file(sealed: Bench, ring: Ring) -> None:
    sealed.fill(250)
    assert _file(sealed)["key"] == ""
    assert ring.told["epoch"] == _file(sealed)["epoch"] == 2
    assert ring.told["key"] not in (ROOT.hex(), "")
    assert sealed.verify(key=True, noted=True).verdict is LogVerdict.INTACT


def test_the_keyring_is_asked_once_an_epoch_and_process(sealed: Bench, ring: Ring) -> None:
    ring.asked = 0
    with sealed.open() as log:
        for _ in range(350):
            log.append("demo.act")
    assert ring.asked == 1 + 3  # read once, then written at each seal


def test_two_processes_in_turn_seal_one_chain(sealed: Bench) -> None:
    with sealed.open() as one, sealed.open() as two:
        for _ in range(120):
            one.append("demo.act")
            two.append("demo.act")
    assert sealed.verify(key=True, noted=True).verdict is LogVerdict.INTACT


def test_while_it_is_locked_nothing_is_accepted_and_nothing_lost(sealed: Bench, ring: Ring) -> None:
    ring.locked = True
    before = sealed.lines()
    with sealed.open() as log, pytest.raises(StateError, match="KeyringLocked"):
        log.append("demo.act")
    assert sealed.lines() == before
    ring.locked = False
    sealed.fill(3)
    assert sealed.verify(key=True, noted=True).verdict is LogVerdict.INTACT


def test_a_crash_between_keyring_and_file_is_understood(
    sealed: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("helpers.auditlog.seal_key_store._put", crash)
        with pytest.raises(KeyboardInterrupt):
            sealed.fill(100)
    sealed.fill(150)
    assert sealed.verify(key=True, noted=True).verdict is LogVerdict.INTACT


@pytest.mark.parametrize("told", ["", "{}", "nothing", '{"root":"x","epoch":0,"key":""}'])
def test_a_lost_key_is_said_and_a_new_one_goes_on(sealed: Bench, ring: Ring, told: str) -> None:
    (place,) = ring.held
    ring.held[place] = told
    with sealed.open() as log:
        with pytest.raises(StateError, match="does not hold"):
            log.append("demo.act")
        log.start_sealing(root_key=ROOT, keyring=True)
        log.append("demo.act")
    assert ring.told["epoch"] == 0


def test_a_damaged_key_file_does_not_keep_a_new_key_out(bench: Bench) -> None:
    bench.fill(3, sealed=True)
    file = bench.state / "keys" / "seal.key"
    file.chmod(0o600)
    file.write_text("damaged")
    with bench.open() as log:
        with pytest.raises(StateError, match="seal --new"):
            log.append("demo.act")
        log.start_sealing(root_key=ROOT)
        log.append("demo.act")
    assert SealKeyStore(file).read()


def test_a_log_promises_no_seals_before_the_keyring_took_the_key(bench: Bench, ring: Ring) -> None:
    bench.fill(2)
    ring.locked = True
    before = bench.lines()
    with bench.open() as log, pytest.raises(StateError):
        log.start_sealing(keyring=True)
    assert bench.lines() == before


def test_a_keyring_that_writes_to_the_disk_is_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsafe = type("Keyring", (), {"__module__": "keyrings.alt.file"})()
    monkeypatch.setattr(keyring, "get_keyring", lambda: unsafe)
    with bench.open() as log, pytest.raises(ConfigurationError, match="does not protect"):
        log.start_sealing(keyring=True)


@pytest.fixture
def real(session_bus: None) -> Iterator[None]:
    from keyring.backends.SecretService import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)


@pytest.mark.usefixtures("real")
def test_a_real_keyring_holds_it(bench: Bench) -> None:
    with AuditLog.open(bench.folder, bench.state) as log:
        root = log.start_sealing(keyring=True)
        for number in range(120):
            log.append("demo.act", count=number)
    assert _file(bench)["key"] == ""
    with AuditLog.open(bench.folder, bench.state) as log:
        log.append("demo.act")
        log.seal()
    assert verify(bench.folder, root_keys=[root]).verdict is LogVerdict.INTACT
