"""O: two secrets. During a rotation both are good; afterwards the previous one is good for nothing.

They are tried only where the previous secret is given.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.cases.case import case, cases_of
from helpers.webhooks.cases.forged import ANYONE
from helpers.webhooks.records import Expect
from helpers.webhooks.request_builder import Forge, Phase, Probe

__all__ = ["ROTATION"]

_BOTH: Final = (
    "Let the verifier take several secrets: Verifier(new, old) in helpers/webhooks/signatures.py."
)
_CWE347: Final = "https://cwe.mitre.org/data/definitions/347.html"
_CWE324: Final = "https://cwe.mitre.org/data/definitions/324.html"

_overlap = partial(case, phase=Phase.OVERLAP, fix=_BOTH)


@_overlap(
    id="O01",
    title="Signed with the previous secret",
    expect=Expect.ACCEPT,
    severity=Severity.HIGH,
    why="A receiver knows one secret, and secrets do not change everywhere at one moment.",
    consequence="Until Intercom signs with the new secret, every delivery is lost.",
)
def previous_secret(forge: Forge) -> tuple[Probe, ...]:
    """Genuine deliveries with the previous secret: compact, and pretty-printed with raw UTF-8."""
    old = forge.before()
    pretty = json.dumps(old.document("O01 pretty"), indent=2, ensure_ascii=False).encode()
    return (old.genuine("O01"), old.genuine("O01 pretty", pretty))


@_overlap(
    id="O02",
    title="Forged with the previous secret's signature",
    expect=Expect.REFUSE,
    severity=Severity.CRITICAL,
    why="The second comparison was written in haste, and is weaker than the first.",
    consequence=ANYONE,
    references=(_CWE347,),
)
def forged_by_previous(forge: Forge) -> tuple[Probe, ...]:
    """A body that was changed, a signature cut to half, and one of another body, all by it."""
    old = forge.before()
    changed, cut = old.body("O02 changed"), old.body("O02 cut")
    half = old.scheme.digits // 2
    value = old.scheme.prefix + old.digest(cut)[:half]
    return (
        old.forged("O02 changed", old.right(changed), body=changed + b" "),
        old.forged("O02 cut", old.bent(cut, value, f"{old.scheme.prefix}${{sig:0:{half}}}")),
        old.forged("O02 other", old.right(old.body("O01"))),
    )


@case(
    id="O03",
    phase=Phase.REVOKED,
    title="Signed with the previous secret, after the rotation",
    expect=Expect.REFUSE,
    severity=Severity.CRITICAL,
    why="The old secret stayed in the list, or in a process that was not started again.",
    consequence="Whoever has the old secret, which may be why it was rotated, can still sign.",
    fix="Take the old secret out of every receiver, and start each of them again.",
    references=(_CWE324,),
)
def revoked_secret(forge: Forge) -> tuple[Probe, ...]:
    """A delivery that would be genuine, had the previous secret not been replaced."""
    old = forge.before()
    return (old.forged("O03", old.right(old.body("O03"))),)


ROTATION: Final = cases_of(globals())
