"""The catalog: everything that the battery tests, as data. Ids are immutable."""

from __future__ import annotations

from typing import Final

from helpers.core.errors import UsageError
from helpers.webhooks.cases.bypassing import BYPASSING
from helpers.webhooks.cases.case import Case
from helpers.webhooks.cases.encoded import ENCODED
from helpers.webhooks.cases.forged import FORGED
from helpers.webhooks.cases.genuine import GENUINE
from helpers.webhooks.cases.malformed import MALFORMED
from helpers.webhooks.cases.overloading import OVERLOADING
from helpers.webhooks.cases.rotation import ROTATION
from helpers.webhooks.cases.service import SERVICE
from helpers.webhooks.cases.trusting import TRUSTING
from helpers.webhooks.request_builder import Phase
from helpers.webhooks.signatures import Scheme

__all__ = ["CASES", "CORE", "Case", "applicable", "case_named"]

CASES: Final[tuple[Case, ...]] = (
    *GENUINE,
    *FORGED,
    *BYPASSING,
    *sorted((*TRUSTING, *ENCODED, *OVERLOADING), key=lambda each: each.id),
    *MALFORMED,
    *SERVICE,
    *ROTATION,
)
CORE: Final = ("A01", "R01", "R02", "R03", "R04", "R05", "R06")


def applicable(
    scheme: Scheme, *, heavy: bool = True, phase: Phase = Phase.STEADY
) -> tuple[Case, ...]:
    """The cases that make sense for a scheme, in that phase of a rotation."""
    return tuple(
        case
        for case in CASES
        if scheme.name in case.schemes
        and (heavy or not case.heavy)
        and case.phase in {Phase.STEADY, phase}
    )


def case_named(case_id: str) -> Case:
    """The case with this id. Raises UsageError where there is none."""
    for case in CASES:
        if case.id == case_id.upper():
            return case
    raise UsageError(f"There is no case {case_id!r}.", "`runbook webhook cases` lists them all.")
