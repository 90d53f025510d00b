"""No false alarm: receivers that do it right, in the frameworks and situations that people have.

A seeded sample by default; RUNBOOK_RECEIVERS=all runs every framework in every situation.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.webhooks.matrix import ALL, sampled
from tests.webhooks.receivers.situations import SITUATIONS, Record, Situation, assert_no_alarm

RECEIVERS = Path(__file__).with_name("receivers")
FRAMEWORKS = ("http_server", "flask", "django", "starlette", "fastapi")
ROWS = [(framework, situation) for situation in SITUATIONS for framework in FRAMEWORKS]
QUICK = [row for row in ROWS if "RECEIVER_DELAY" not in row[1].environ]


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("framework", "situation"),
    ROWS if ALL else sampled(QUICK, 10),
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_a_sound_receiver_raises_no_alarm(
    framework: str, situation: Situation, record_property: Record
):
    command = (sys.executable, RECEIVERS / f"{framework}_app.py")
    assert_no_alarm(situation, command, {}, record_property)
