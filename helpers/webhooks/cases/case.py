"""What a case is, and how one is written: a function that makes the requests, and what is said.

    @case(id="R01", expect=Expect.REFUSE, severity=Severity.CRITICAL, title="…", why="…", …)
    def no_signature(forge: Forge) -> tuple[Probe, ...]:
        \"\"\"A delivery without the signature header.\"\"\"

The docstring tells what is sent. Everything is data: the battery, the printed catalog, the docs
and the tests read the same object.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from helpers.core.model import Severity
from helpers.webhooks.records import Expect
from helpers.webhooks.request_builder import Forge, Phase, Probe
from helpers.webhooks.signatures import SCHEMES

__all__ = ["ALL_SCHEMES", "BREAKS", "Case", "case", "cases_of"]

ALL_SCHEMES: Final = frozenset(SCHEMES)
BREAKS: Final = (
    "Anyone who knows the URL can make it fail at will, without a signature; "
    "errors in a row make Intercom pause deliveries."
)
Probes = Callable[[Forge], tuple[Probe, ...]]


@dataclass(frozen=True)
class Case:
    """One thing that a receiver can get right or wrong.

    `why` says what goes wrong in real receivers, `consequence` what it means when it does in this
    one, `when_broken` what it means when this one breaks where it should refuse, `fix` what to
    change. An `advisory` case has no rule behind it: what differs is a note, but a forgery that
    breaks the receiver still fails. A `heavy` one asks for a second consent where the receiver is
    not on loopback; one that goes `alone` is followed by a look whether the receiver still lives;
    a `derived` one sends nothing and is judged from the other answers. One of a `phase` of a
    rotation is tried in that phase alone.
    """

    id: str
    title: str
    sent: str
    expect: Expect
    severity: Severity
    why: str
    consequence: str
    fix: str
    probes: Probes
    when_broken: str = BREAKS
    references: tuple[str, ...] = ()
    schemes: frozenset[str] = ALL_SCHEMES
    advisory: bool = False
    heavy: bool = False
    alone: bool = False
    derived: bool = False
    phase: Phase = Phase.STEADY


def case(
    *,
    id: str,  # noqa: A002 (the field's name)
    title: str,
    expect: Expect,
    severity: Severity,
    why: str,
    consequence: str,
    fix: str,
    **more: Any,
) -> Callable[[Probes], Case]:
    """Make a `Case` of a function."""

    def decorate(probes: Probes) -> Case:
        return Case(
            id=id,
            title=title,
            sent=" ".join(inspect.cleandoc(probes.__doc__ or "").split()),
            expect=expect,
            severity=severity,
            why=why,
            consequence=consequence,
            fix=fix,
            probes=probes,
            **more,
        )

    return decorate


def cases_of(namespace: Mapping[str, object]) -> tuple[Case, ...]:
    """The cases that a module defines, in the order of their ids."""
    found: Iterable[Case] = (value for value in namespace.values() if isinstance(value, Case))
    return tuple(sorted(found, key=lambda each: each.id))
