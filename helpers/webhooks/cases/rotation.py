"""O: two secrets. During a rotation both are valid; afterwards the previous one is not.

They run only if the previous secret is given.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.cases.case import case, cases_of
from helpers.webhooks.cases.forged import ANYONE
from helpers.webhooks.records import Expect
from helpers.webhooks.request_builder import Phase, ReceiverRequest, RequestBuilder

__all__ = ["ROTATION"]

_BOTH: Final = (
    "Give the verifier several secrets: Verifier(new, old) in helpers/webhooks/signatures.py."
)
_CWE347: Final = "https://cwe.mitre.org/data/definitions/347.html"
_CWE324: Final = "https://cwe.mitre.org/data/definitions/324.html"

_overlap = partial(case, phase=Phase.OVERLAP, fix=_BOTH)


@_overlap(
    id="O01",
    title="Signed with the previous secret",
    expect=Expect.ACCEPT,
    severity=Severity.HIGH,
    why="A receiver knows one secret, and secrets do not change everywhere at once.",
    consequence="Until Intercom signs with the new secret, every delivery is lost.",
)
def previous_secret(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Genuine deliveries with the previous secret: compact, and pretty-printed with raw UTF-8."""
    old = builder.previous_builder()
    pretty = json.dumps(old.document("O01 pretty"), indent=2, ensure_ascii=False).encode()
    return (old.genuine("O01"), old.genuine("O01 pretty", pretty))


@_overlap(
    id="O02",
    title="Forged with the previous secret's signature",
    expect=Expect.REFUSE,
    severity=Severity.CRITICAL,
    why="The second comparison is often weaker than the first.",
    consequence=ANYONE,
    references=(_CWE347,),
    alone=True,  # after O01: a receiver may remember what it accepted
)
def forged_by_previous(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A changed body, a truncated signature, and one of another body, all with that secret."""
    old = builder.previous_builder()
    changed, cut = old.body("O02 changed"), old.body("O02 cut")
    half = old.scheme.digits // 2
    value = old.scheme.prefix + old.digest(cut)[:half]
    return (
        old.forged("O02 changed", old.signature(changed), body=changed + b" "),
        old.forged(
            "O02 cut", old.derived_signature(cut, value, f"{old.scheme.prefix}${{sig:0:{half}}}")
        ),
        old.forged("O02 other", old.signature(old.body("O01"))),
    )


@case(
    id="O03",
    phase=Phase.REVOKED,
    title="Signed with the previous secret, after the rotation",
    expect=Expect.REFUSE,
    severity=Severity.CRITICAL,
    why="The old secret stayed in the list, or in a process that was not restarted.",
    consequence="Anyone who has the old secret, which may have leaked, can still sign.",
    fix="Remove the old secret from every receiver, and restart each of them.",
    references=(_CWE324,),
)
def revoked_secret(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A delivery that would be genuine if the previous secret had not been replaced."""
    old = builder.previous_builder()
    return (old.forged("O03", old.signature(old.body("O03"))),)


ROTATION: Final = cases_of(globals())
