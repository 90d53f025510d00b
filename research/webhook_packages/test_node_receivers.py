"""No false alarm in Express, Fastify and Koa, which are not in the project's own lock.

A seeded sample by default; RUNBOOK_RECEIVERS=all runs each in every situation.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from research.webhook_packages.catalog import HERE
from research.webhook_packages.installed import node_modules
from tests.webhooks.matrix import ALL, sampled
from tests.webhooks.receivers.situations import SITUATIONS, Record, Situation, assert_no_alarm

FRAMEWORKS = ("express", "fastify", "koa")
ROWS = [(framework, situation) for situation in SITUATIONS for framework in FRAMEWORKS]
QUICK = [row for row in ROWS if "RECEIVER_DELAY" not in row[1].environ]


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("framework", "situation"),
    ROWS if ALL else sampled(QUICK, 8),
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_a_sound_receiver_raises_no_alarm(
    framework: str,
    situation: Situation,
    require: Callable[[str, str], Path],
    record_property: Record,
):
    command = (require("node", "apt install nodejs"), HERE / "node" / f"{framework}_app.js")
    modules = {"NODE_PATH": str(node_modules()), "NODE_ENV": "production"}
    assert_no_alarm(situation, command, modules, record_property)
