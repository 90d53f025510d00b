"""What every check that is shipped has to bring along."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import pytest

from helpers.core.catalog import CHECKLIST, Check, load
from helpers.core.model import Known, Status
from helpers.core.steps import STEPS, step_named
from helpers.report.controls import FRAMEWORKS, control_ids
from tests.conftest import HOME

CHECKS = load()
OF_STEPS = [found for found in CHECKS if found.step in {step.name for step in STEPS}]


def named(check: Check) -> str:
    return check.id


@pytest.mark.parametrize("check", CHECKS, ids=named)
def test_a_check_tells_why_when_and_what_to_do(check: Check) -> None:
    assert set(check.verdicts) == set(Status)
    assert check.title
    assert check.rationale
    assert check.remediation
    assert all(check.remediation)
    assert check.checklist in {"", *CHECKLIST}
    assert not check.verdicts[Status.FAIL].startswith("never")
    assert check.controls
    assert set(check.controls) <= control_ids()


@pytest.mark.parametrize("check", OF_STEPS, ids=named)
def test_a_check_asks_for_facts_that_exist_as_they_are(check: Check) -> None:
    facts = step_named(check.step).load("facts")
    known: typing.Any = Known
    wanted = typing.get_type_hints(check.function, _names(check))
    for name in check.data:
        assert name in facts.model_fields, name
        assert known[wanted[name]] in typing.get_args(facts.model_fields[name].annotation), name


def _names(check: Check) -> dict[str, object]:
    return dict(check.function.__globals__)


def test_no_two_checks_share_an_id() -> None:
    ids = [found.id for found in CHECKS]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Z]{3}-\d{3}", one) for one in ids)


def test_the_controls_are_those_that_were_published(specs: Path) -> None:
    """Each identifier stands in the facts that were gathered from the frameworks themselves."""
    facts = specs / "facts" / "compliance.md"
    if not facts.is_file():
        pytest.skip(f"no facts about the frameworks at {facts}")
    published = _expanded(facts.read_text("utf-8"))
    ours = {control for framework in FRAMEWORKS for control in framework.controls}
    assert ours == published


def _expanded(text: str) -> set[str]:
    """The identifiers of the table, with `5.24 to 5.28` written out."""
    rows = [line.split("|")[2] for line in text.splitlines() if line.startswith("|")][2:]
    cells = " · ".join(row.strip() for row in rows)
    found = set(re.findall(r"(?:^|[·,] ?|to )((?:CC|[A-Z]{2}\.[A-Z]{2}-)?\d+(?:\.\d+)?)\b", cells))
    for first, last in re.findall(r"(\d+\.\d+) to (\d+\.\d+)", cells):
        head, begin = first.split(".")
        found |= {f"{head}.{n}" for n in range(int(begin), int(last.split(".")[1]) + 1)}
    return found


def test_every_check_is_named_by_a_test() -> None:
    """By its function or its id, in some test beside this one."""
    own = HOME / "tests" / "core" / "test_catalog.py"
    texts = "\n".join(p.read_text("utf-8") for p in (HOME / "tests").rglob("*.py") if p != own)
    assert [c.id for c in CHECKS if c.id not in texts and c.function.__name__ not in texts] == []
