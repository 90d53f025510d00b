"""R56 to R58: forgeries that a receiver may let through when it is overloaded or confused."""

from __future__ import annotations

from functools import partial
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.cases.case import case, cases_of
from helpers.webhooks.cases.forged import ANYONE
from helpers.webhooks.framing import DISPUTED
from helpers.webhooks.records import Expect
from helpers.webhooks.request_builder import (
    WRONG_KEY,
    ReceiverRequest,
    RequestBuilder,
    SignatureValue,
)
from helpers.webhooks.samples import compact

__all__ = ["OVERLOADING"]

_CWE636: Final = "https://cwe.mitre.org/data/definitions/636.html"  # not failing securely
_MANY: Final = 25  # requests of one kind at once
_SHED: Final = frozenset({503})  # RFC 9110, 15.6.4: overloaded, and so it accepts nothing
_refuse = partial(
    case,
    expect=Expect.REFUSE,
    severity=Severity.CRITICAL,
    consequence=ANYONE,
    references=(_CWE636,),
    heavy=True,
    alone=True,
)


@_refuse(
    id="R56",
    title="An unsigned body of disputed length",
    why="Code that finds no clear length takes the body for empty, and does not check it.",
    fix="Refuse a request with two lengths or an unknown coding, and check what is left.",
    references=("https://www.rfc-editor.org/rfc/rfc9112#section-6.3",),
)
def disputed_lengths(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """An unsigned delivery under two lengths, an odd one, and spellings of Transfer-Encoding."""
    unimplemented = frozenset({501})  # RFC 9112, 6.1: the answer to an unknown coding
    return tuple(
        builder.forged(f"R56 {framing}", framing=framing, may_close=True, refusals=unimplemented)
        for framing in DISPUTED
    )


@_refuse(
    id="R57",
    title="A burst of forgeries",
    why="A check that runs out of workers, connections or patience is skipped, not failed.",
    fix="Answer 503 or 429 under load; whatever keeps the check from running is a refusal.",
)
def burst(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Fifty forgeries at the same time: one half unsigned, the other wrongly signed."""
    requests = []
    for number in range(_MANY):
        for kind in ("unsigned", "wrong key"):
            body = builder.body(f"R57 {kind} {number}")
            wrong = (builder.signature_with(body, WRONG_KEY),) if kind == "wrong key" else ()
            requests.append(_at_once(builder, f"R57 {kind}", number, body, *wrong))
    return tuple(requests)


@_refuse(
    id="R58",
    title="Many unknown workspaces at once",
    why="The secret is looked up by `app_id`; a look-up that times out is taken for a success.",
    fix="Refuse whatever can't be checked: if the secret can't be read in time, answer 503.",
    schemes=frozenset({"webhook"}),
)
def unknown_workspaces(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Deliveries of 25 unknown workspaces at the same time, wrongly signed."""
    requests = []
    for number in range(_MANY):
        document = builder.document(f"R58 {number}")
        body = compact({**document, "app_id": f"other{number:03}"})
        wrong = builder.signature_with(body, WRONG_KEY)
        requests.append(_at_once(builder, "R58", number, body, wrong))
    return tuple(requests)


def _at_once(
    builder: RequestBuilder, name: str, number: int, body: bytes, *signatures: SignatureValue
) -> ReceiverRequest:
    return builder.forged(
        name,
        *signatures,
        body=body,
        notification=builder.identifier(f"{name} {number}"),
        at_once=True,
        may_close=True,
        refusals=_SHED,
    )


OVERLOADING: Final = cases_of(globals())
