"""What a case is, and how to write one: a function that makes the requests, and its texts.

    @case(id="R01", expect=Expect.REFUSE, severity=Severity.CRITICAL, title="…", why="…", …)
    def no_signature(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
        \"\"\"A delivery without the signature header.\"\"\"

The docstring says what is sent. Everything is data: the battery, the printed catalog, the docs
and the tests read the same object.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from helpers.core.model import Severity
from helpers.webhooks.records import Expect
from helpers.webhooks.request_builder import Phase, ReceiverRequest, RequestBuilder
from helpers.webhooks.signatures import SCHEMES

__all__ = ["ALL_SCHEMES", "BREAKS", "Case", "case", "cases_of"]

ALL_SCHEMES: Final = frozenset(SCHEMES)
BREAKS: Final = (
    "Anyone who knows the URL can make it fail at will, without a signature; "
    "errors in a row make Intercom pause deliveries."
)
Requests = Callable[[RequestBuilder], tuple[ReceiverRequest, ...]]


@dataclass(frozen=True)
class Case:
    """One thing that a receiver can get right or wrong.

    `why` says what goes wrong in real receivers, `consequence` what it means when it does in this
    one, `when_broken` what it means when this one breaks where it should refuse, `fix` what to
    change. An `advisory` case has no rule behind it: what differs is a note, but a forgery that
    breaks the receiver still fails. A `heavy` one asks for a second consent where the receiver is
    not on loopback; one that goes `alone` is followed by a check that the receiver still answers;
    a `derived` one sends nothing and is judged from the other answers. One of a `phase` of a
    rotation is tried in that phase alone. An `observed` one needs to know which deliveries are
    acted upon: no status shows what it tests.
    """

    id: str
    title: str
    sent: str
    expect: Expect
    severity: Severity
    why: str
    consequence: str
    fix: str
    requests: Requests
    when_broken: str = BREAKS
    references: tuple[str, ...] = ()
    schemes: frozenset[str] = ALL_SCHEMES
    advisory: bool = False
    heavy: bool = False
    alone: bool = False
    derived: bool = False
    observed: bool = False
    phase: Phase = Phase.STEADY

    @property
    def quick(self) -> bool:
        """True if a short run includes it: what is critical, without large bodies and bursts."""
        plain = not self.heavy and not self.advisory
        return plain and (self.derived or self.id[0] == "A" or self.severity is Severity.CRITICAL)


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
) -> Callable[[Requests], Case]:
    """Turn a function into a `Case`."""

    def decorate(requests: Requests) -> Case:
        return Case(
            id=id,
            title=title,
            sent=" ".join(inspect.cleandoc(requests.__doc__ or "").split()),
            expect=expect,
            severity=severity,
            why=why,
            consequence=consequence,
            fix=fix,
            requests=requests,
            **more,
        )

    return decorate


def cases_of(namespace: Mapping[str, object]) -> tuple[Case, ...]:
    """The cases that a module defines, in the order of their ids."""
    found: Iterable[Case] = (value for value in namespace.values() if isinstance(value, Case))
    return tuple(sorted(found, key=lambda each: each.id))
