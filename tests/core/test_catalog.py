"""What every check in the catalog must provide."""

from __future__ import annotations

import ast
import re
import typing
from collections.abc import Iterator, Mapping

import pytest

from helpers.core.catalog import CHECKLIST, Check, load
from helpers.core.model import Known, Status
from helpers.core.steps import STEPS, step_named
from helpers.report.controls import FRAMEWORKS, Framework, control_ids
from tests.conftest import HOME

CHECKS = load()
OF_STEPS = [found for found in CHECKS if found.step in {step.name for step in STEPS}]

# The controls that each framework published in each of its groups: how many, or which numbers.
NUMBERING: Mapping[str, Mapping[str, int | tuple[int, ...]]] = {
    "SOC 2 ": {"CC1": 5, "CC2": 3, "CC3": 4, "CC4": 2, "CC5": 3, "CC6": 8, "CC7": 5, "CC8": 1}
    | {"CC9": 2},
    "ISO 27001 A.": {"5": 37, "6": 8, "7": 14, "8": 34},
    "NIST CSF ": {
        "PR.AA": 6,
        "PR.AT": 2,
        "PR.DS": (1, 2, 10, 11),
        "PR.PS": 6,
        "PR.IR": 4,
        "DE.CM": (1, 2, 3, 6, 9),
        "DE.AE": (2, 3, 4, 6, 7, 8),
        "RS.MA": 5,
    },
    "CIS ": {"1": 5, "2": 7, "3": 14, "4": 12, "5": 6, "6": 8, "7": 7, "8": 12, "9": 7}
    | {"10": 7, "11": 5, "12": 8, "13": 11, "14": 9, "15": 7, "16": 14, "17": 9, "18": 5},
}


def named(check: Check) -> str:
    return check.id


@pytest.mark.parametrize("check", CHECKS, ids=named)
def test_a_check_says_why_when_and_what_to_do(check: Check) -> None:
    assert set(check.verdicts) == set(Status)
    assert check.title
    assert check.fails not in {"", check.title}
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


def _called_check(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "check"


def test_every_function_decorated_as_a_check_is_in_the_catalog() -> None:
    written = {
        (path.relative_to(HOME).with_suffix("").as_posix().replace("/", "."), node.name)
        for path in (HOME / "helpers").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.FunctionDef) and any(map(_called_check, node.decorator_list))
    }
    assert written - {(c.function.__module__, c.function.__name__) for c in CHECKS} == set()


def test_no_two_checks_share_an_id() -> None:
    ids = [found.id for found in CHECKS]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Z]{3}-\d{3}", one) for one in ids)


@pytest.mark.parametrize("framework", FRAMEWORKS, ids=lambda one: one.prefix.strip())
def test_every_control_exists_in_the_framework_as_published(framework: Framework) -> None:
    assert set(framework.controls) <= set(_published(framework.prefix))


def _published(prefix: str) -> Iterator[str]:
    """Every identifier of a framework, from the number of controls in each of its groups."""
    form = "{}-{:02}" if prefix.startswith("NIST") else "{}.{}"
    for group, numbers in NUMBERING[prefix].items():
        yield group
        listed = range(1, numbers + 1) if isinstance(numbers, int) else numbers
        yield from (form.format(group, number) for number in listed)


def test_every_check_is_named_by_a_test() -> None:
    """By its function or its id, in some test beside this one."""
    own = HOME / "tests" / "core" / "test_catalog.py"
    texts = "\n".join(p.read_text("utf-8") for p in (HOME / "tests").rglob("*.py") if p != own)
    assert [c.id for c in CHECKS if c.id not in texts and c.function.__name__ not in texts] == []
