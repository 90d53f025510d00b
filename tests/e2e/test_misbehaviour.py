"""No answer of a server, however wrong, makes a verdict better than honest answers do.

A sample of the modes by default; RUNBOOK_MISBEHAVE=all tries them all, and
`python -m tests.e2e.misbehaviour` prints the figures of docs/reliability.md.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

import httpx
import pytest

from helpers.sandbox import Sandbox, start
from helpers.sandbox.misbehaviour import MODES
from tests.e2e.misbehaviour import STEPS, Verdicts, better, run

MEGABYTES: Final = 400
SECONDS: Final = 600  # for all steps of one mode
LONG: Final = ("slow", "many-rows", "gzip-bomb")
# These hold a call until its deadline, and an audit makes dozens of calls.
OPEN: Final = frozenset(("drip", "silent", "endless", "huge", "retry-after-forever"))


def chosen() -> list[str]:
    """The modes to try."""
    if os.environ.get("RUNBOOK_MISBEHAVE") == "all":
        return [mode for mode in MODES if mode not in OPEN]
    quick = sorted(set(MODES) - set(LONG) - OPEN)
    return Random("modes").sample(quick, 8)


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def honest(server: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    found = run(server.base_url("honest"), tmp_path_factory.mktemp("honest"), SECONDS)
    assert not found.lost
    assert len(found.verdicts) > 80
    return found.verdicts


@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("mode", chosen())
def test_no_verdict_is_better_than_the_honest_one(
    mode: str, server: Sandbox, honest: Verdicts, tmp_path: Path
) -> None:
    hub = server.hub(f"bad-{mode}")
    httpx.put(f"{hub}/behaviours", json={"misbehave": mode}).raise_for_status()
    found = run(server.base_url(f"bad-{mode}"), tmp_path, SECONDS)
    assert not found.lost
    assert {step for step, *_ in found.verdicts} == set(STEPS), "no step is without verdicts"
    assert better(found.verdicts, honest) == frozenset()
    assert found.megabytes < MEGABYTES


def test_a_bad_server_does_not_spoil_the_next_honest_audit(
    server: Sandbox, honest: Verdicts, tmp_path: Path
) -> None:
    httpx.put(f"{server.hub('poison')}/behaviours", json={"misbehave": "empty"}).raise_for_status()
    for mode in ("empty", "one-row-null", "only-first-page", "times-milliseconds", "date-ahead"):
        behaviours = f"{server.hub('poison')}/behaviours"
        httpx.put(behaviours, json={"misbehave": mode}).raise_for_status()
        run(server.base_url("poison"), tmp_path, SECONDS)
    httpx.put(f"{server.hub('poison')}/behaviours", json={"misbehave": ""}).raise_for_status()
    healed = run(server.base_url("poison"), tmp_path, SECONDS)
    assert not healed.lost
    assert better(healed.verdicts, honest) == frozenset()
    assert better(honest, healed.verdicts) == frozenset(), "nor is any worse"


def test_the_modes_with_known_gaps_exist() -> None:
    assert set(MODES) >= OPEN


def test_the_comparison_finds_a_better_verdict() -> None:
    worse = {("access", "ACC-001", "a", "FAIL"), ("access", "ACC-002", "b", "ERROR")}
    found = {("access", "ACC-001", "a", "PASS"), ("access", "ACC-002", "b", "MANUAL")}
    assert better(found, worse) == {"ACC-001"}
    assert better(worse, found) == frozenset()
    vanished = {("access", "ACC-001", "workspace", "NOT_APPLICABLE")}
    assert better(vanished, worse) == {"ACC-001"}
