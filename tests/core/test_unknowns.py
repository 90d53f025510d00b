"""`docs/unknown.md` is what the checks do with data that are not there, or not understood.

`RUNBOOK_GOLDEN=write pytest tests/core/test_unknowns.py` writes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final

from helpers.core.model import Known, Status
from helpers.core.steps import STEPS
from tests.core.mutations import judged, mutants
from tests.core.test_mutations import CHECKS, fixtures

COLUMNS: Final = {
    "not read": "absent or wrong type",
    "partly read": "partial",
    "empty": "empty, more promised",
    "answered empty": "empty, whole",
    "no value": "a field absent",
    "blank": "a field blank",
    "unknown": "unknown enum",
    "time": "impossible or stale time",
}
INTRODUCTION: Final = """\
# What becomes of what is not known

Generated from the checks: each datum of each step, and the verdicts that its checks reach when it
is not there, not whole or not understood. The facts are those of the checks' own tests.

An answer that is absent, refused, of another type or without its list is `Unavailable`: ERROR, with
the call (MANUAL where a setting is missing or the policy keeps an act off). Where some rows were
not understood or some pages did not come, the datum is `Partial`: failures that stand by themselves
stay, and everything else gives way to one ERROR. A PASS beside other verdicts is the verdict on
another row, or on a field that decides nothing; `tests/core/test_mutations.py` asserts that no
verdict becomes better.
"""


def seen() -> dict[tuple[str, str], dict[str, set[Status]]]:
    """The statuses by step and datum, then by kind of mutation."""
    found: dict[tuple[str, str], dict[str, set[Status]]] = defaultdict(lambda: defaultdict(set))
    for made, data, policy in fixtures():
        for kind, where, changed in mutants(made, data):
            name = where.partition("[")[0].partition(".")[0].partition("=")[0]
            statuses = {finding.status for finding in judged(made, changed, policy)}
            found[made.step, name][kind] |= statuses
        for name in made.data:
            datum = data[name]
            if isinstance(datum, Known) and isinstance(datum.value, tuple):
                changed = {**data, name: Known(())}
                statuses = {finding.status for finding in judged(made, changed, policy)}
                found[made.step, name]["answered empty"] |= statuses
    return found


def lines() -> Iterator[str]:
    """The page, line by line."""
    yield INTRODUCTION
    table = seen()
    for step in dict.fromkeys((*(step.name for step in STEPS), "waivers")):
        rows = sorted(name for place, name in table if place == step)
        if not rows:
            continue
        yield f"## {step}\n"
        yield f"| datum | checks | {' | '.join(COLUMNS.values())} |"
        yield f"|---|---|{'---|' * len(COLUMNS)}"
        for name in rows:
            users = [c.id for c in CHECKS.values() if c.step == step and name in c.data]
            cells = [", ".join(sorted(table[step, name][kind])) or "–" for kind in COLUMNS]
            yield f"| `{name}` | {', '.join(users)} | {' | '.join(cells)} |"
        yield ""


def test_the_table_of_unknowns_is_current(golden: Callable[[str, str], None]) -> None:
    golden("../../docs/unknown.md", "\n".join(lines()).rstrip() + "\n")
