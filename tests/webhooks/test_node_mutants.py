"""The battery tells broken receivers in Node, which die of what a thread in Python survives."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.webhooks.action import run_battery
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import parse_target
from tests.webhooks.failing import failing
from tests.webhooks.mutants.defects import Defect
from tests.webhooks.mutants.defects.defect import QUICK
from tests.webhooks.mutants.host import mutated
from tests.webhooks.mutants.node import NODE
from tests.webhooks.receivers.process import running

SECRET = secrets.token_hex(20)
SOUND = Path(__file__).with_name("mutants") / "sound.js"
Require = Callable[[str, str], Path]


def requests_that_fail(source: Path, node: Path, acted_upon: Path | None = None) -> set[str]:
    """The requests that fail; with a file, the receiver's deeds are observed through it."""
    environ = {"PROCESSED": str(acted_upon)} if acted_upon else {}
    options = (
        replace(QUICK, observer=lambda: acted_upon.read_text().split()) if acted_upon else QUICK
    )
    with running((node, source), SECRET, environ) as url:
        return failing(
            run_battery(parse_target(url), RequestBuilder(WEBHOOK, SECRET.encode()), options)
        )


def test_the_sound_receiver_raises_no_alarm(require: Require, tmp_path: Path):
    node = require("node", "apt install nodejs")
    assert requests_that_fail(SOUND, node) == set()
    assert requests_that_fail(SOUND, node, tmp_path / "acted-upon") == set()


@pytest.mark.parametrize("defect", NODE, ids=lambda defect: defect.id)
def test_a_defect_fails_these_requests_and_no_others(
    defect: Defect,
    require: Require,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
):
    source = tmp_path / "receiver.js"
    source.write_text(mutated(SOUND.read_text(), defect.changes))
    acted_upon = tmp_path / "acted-upon" if defect.watched else None
    found = requests_that_fail(source, require("node", "apt install nodejs"), acted_upon)
    missed, alarms = defect.misjudged(found)
    record_property("mutant", "survived" if missed else "killed")
    assert (missed, alarms) == (set(), set())
