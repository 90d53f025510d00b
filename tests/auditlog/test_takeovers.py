"""AUD-010 against the sandbox's stories and their benign twins, through the stored rows.

By default a sample runs. The figures in docs/auditlog.md are from

    RUNBOOK_STORY_SEEDS=50 RUNBOOK_BENIGN_MONTHS=500 pytest -n auto tests/auditlog/test_takeovers.py

The detector was developed with other seeds than these.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from helpers.auditlog.checks.accounts import account_taken_over
from helpers.auditlog.partitions import Partitions
from helpers.auditlog.questions import QuestionParameters, ask
from helpers.core.model import Status
from helpers.sandbox.activity_log import ActivityLog
from helpers.sandbox.benign_events import benign_month
from helpers.sandbox.clock import DEMO_NOW
from helpers.sandbox.takeovers import STORIES, tell
from tests.checking import verdicts

SEEDS = int(os.environ.get("RUNBOOK_STORY_SEEDS", "1"))
# these are found less often than the aim of 95 %: see docs/auditlog.md
HARD = frozenset(
    {
        "bulk_export",
        "new_address_without_failures",
        "pdf_exports_one_by_one",
        "webhook_set_up",
    }
)
MONTHS = int(os.environ.get("RUNBOOK_BENIGN_MONTHS", "10"))


def reported(activity: ActivityLog, folder: Path) -> set[str]:
    """The accounts for which AUD-010 fails."""
    partitions = Partitions(folder)
    with partitions.ingest() as writer:
        writer.add(activity.rows)
    parameters = QuestionParameters(DEMO_NOW - timedelta(days=30), DEMO_NOW, (), {})
    with partitions.reading() as files:
        _, answers = ask(files, parameters, only=("takeover",))
    found = verdicts(account_taken_over, answers=answers, reviews=())
    return {f.resource.key.partition("/")[2] for f in found if f.status is Status.FAIL}


@pytest.mark.parametrize("name", STORIES)
def test_a_takeover_is_reported_with_its_account(name: str, tmp_path: Path) -> None:
    missed = []
    for seed in range(SEEDS):
        story = tell(name, f"held/{seed}")
        if not story.accounts & reported(story.activity, tmp_path / str(seed)):
            missed.append(seed)
    assert len(missed) <= (0.15 if name in HARD else 0.05) * SEEDS, (
        f"missed with the seeds {missed}"
    )


def test_honest_months_hardly_raise_an_alarm(tmp_path: Path) -> None:
    logs = (benign_month(f"held/{seed}") for seed in range(MONTHS))
    alarms = [seed for seed, log in enumerate(logs) if reported(log, tmp_path / str(seed))]
    assert len(alarms) <= max(1, 0.03 * MONTHS), f"alarms with the seeds {alarms}"
