"""What the collector finds on a real profile: a key that was made outside the process, and ages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpers.core import catalog
from helpers.core.judge import judge
from helpers.core.model import Finding, Known, Severity, Snapshot, Status, Unavailable
from helpers.core.policy import Policy
from helpers.rotation.collect import collect
from helpers.rotation.procedure import OperatorInput
from helpers.rotation.records import KnownBy
from helpers.rotation.transitions import Mode
from tests.rotation.conftest import NOW, READERS, Desk


def regenerations(desk: Desk) -> list[Finding]:
    """ROT-003's findings, of the desk's own app alone: the workspace has a past of its own."""
    snapshot = Snapshot[Any](
        step="rotation", profile="production", taken_at=NOW, facts=collect(desk.context)
    )
    found = judge(snapshot, [catalog.find("ROT-003")], Policy(), NOW)
    return [finding for finding in found if "Under test" in finding.resource.name]


def test_a_key_made_outside_the_process_is_a_critical_finding(desk: Desk) -> None:
    desk.env_file.write_text(
        f"INTERCOM_ACCESS_TOKEN={desk.hub.regenerate_token(desk.app.id).access_token.get_secret_value()}\n"
    )
    reopened = desk.reopened()
    (finding,) = regenerations(reopened)
    assert (finding.status, finding.severity) == (Status.FAIL, Severity.CRITICAL)
    assert not finding.resource.name.endswith(".")


def test_a_key_made_by_a_rotation_is_none(desk: Desk) -> None:
    desk.guide.start(Mode.IN_PLACE)
    new = desk.hub.regenerate_token(desk.app.id).access_token
    desk.guide.resume(OperatorInput(secret=new))
    desk.guide.resume(READERS)
    again = desk.reopened()
    assert regenerations(again) == []
    facts = collect(again.context)
    assert isinstance(facts.keys, Known)
    (key,) = facts.keys.value
    assert (key.known_by, key.exact, key.days(NOW)) == (KnownBy.LEDGER, True, 0)


def test_a_log_that_can_t_be_read_is_told_and_passes_nothing(
    make_desk: Callable[..., Desk],
) -> None:
    desk = make_desk()
    desk.click("PUT", f"/apps/{desk.app.id}", scopes=["read_single_admin"])
    facts = collect(desk.context)
    assert isinstance(facts.regenerations, Unavailable)
    assert isinstance(facts.keys, Known), "the ages are known by first sight all the same"


@pytest.mark.parametrize("stage", ["pending", "previous"])
def test_a_secret_that_waits_beside_the_env_file_needs_a_rotation(desk: Desk, stage: str) -> None:
    waiting = desk.env_file.with_name(f".env.INTERCOM_ACCESS_TOKEN.{stage}.local")
    waiting.write_text("INTERCOM_ACCESS_TOKEN=x\n")
    facts = collect(desk.context)
    assert isinstance(facts.leftovers, Known)
    assert [(f.name, f.explained) for f in facts.leftovers.value] == [(waiting.name, False)]


def test_it_looks_beside_an_env_file_that_lies_elsewhere(desk: Desk, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "live.env"
    other.parent.mkdir()
    desk.env_file.rename(other)
    waiting = other.with_name("live.env.INTERCOM_ACCESS_TOKEN.pending.local")
    waiting.write_text("INTERCOM_ACCESS_TOKEN=x\n")
    desk.env_file = other
    facts = collect(desk.reopened().context)
    assert isinstance(facts.leftovers, Known)
    assert [leftover.name for leftover in facts.leftovers.value] == [waiting.name]
