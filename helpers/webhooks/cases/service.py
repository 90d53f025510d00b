"""L and P: what the responses reveal, and whether the receiver follows Intercom's rules."""

from __future__ import annotations

from functools import partial
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.cases.case import case, cases_of
from helpers.webhooks.framing import DISPUTED, Framing
from helpers.webhooks.records import Expect
from helpers.webhooks.request_builder import ReceiverRequest, RequestBuilder
from helpers.webhooks.samples import compact

__all__ = ["SERVICE"]

_SETUP: Final = "https://developers.intercom.com/docs/webhooks/setting-up-webhooks"
_WEBHOOK: Final = frozenset({"webhook"})
_SIGNED: Final = "A signed delivery causes an error, and errors in a row make Intercom pause."
_BURST: Final = 50  # requests
_A_YEAR: Final = 31_536_000  # seconds

_serve = partial(case, references=(_SETUP,))


@_serve(
    id="L01",
    title="Responses that reveal something",
    expect=Expect.SURVIVE,
    severity=Severity.CRITICAL,
    why="A published package prints the valid signature in its 400.",
    consequence="Anyone who can read the response can sign: forge, read it, send again.",
    fix="Answer with a reason and nothing else; turn off debug pages.",
    references=("https://cwe.mitre.org/data/definitions/209.html",),
    derived=True,
)
def leaks(_builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Nothing more: every response is searched for the signature, the secret and stack traces."""
    return ()


@_serve(
    id="P01",
    title="How fast deliveries are answered",
    expect=Expect.ACCEPT,
    severity=Severity.HIGH,
    why="After 5 s a delivery counts as failed; over 500 ms its priority drops.",
    consequence="Deliveries arrive late, twice or not at all.",
    fix="Verify, queue the delivery, and answer at once.",
    derived=True,
)
def latency(_builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Nothing more: genuine deliveries sent one after the other are timed."""
    return ()


@_serve(
    id="P02",
    title="Fifty at once",
    expect=Expect.ACCEPT,
    severity=Severity.MEDIUM,
    why="Bulk changes in Intercom cause bursts of deliveries.",
    consequence="Deliveries are lost exactly when many arrive.",
    fix="Verify, queue the delivery, and answer at once.",
    heavy=True,
    alone=True,
)
def burst(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Fifty genuine deliveries at the same time."""
    names = [f"P02 {number}" for number in range(_BURST)]
    return tuple(
        builder.genuine(
            "P02", builder.body(name), notification=builder.identifier(name), at_once=True
        )
        for name in names
    )


@_serve(
    id="P03",
    title="Responses that Intercom acts upon",
    expect=Expect.ACCEPT,
    severity=Severity.HIGH,
    why="410 disables the subscription, 429 throttles it, and a redirect is not a success.",
    consequence="Deliveries stop.",
    fix="Answer genuine deliveries with 200.",
    derived=True,
)
def side_effect(_builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Nothing more: no genuine delivery may be answered with 410, 429 or a redirect."""
    return ()


@_serve(
    id="P04",
    title="An old delivery again",
    expect=Expect.REFUSE,
    advisory=True,
    severity=Severity.MEDIUM,
    why="The signature contains no time: a recorded delivery stays valid.",
    consequence="A recorded delivery can be replayed; no status shows whether it is acted on.",
    when_broken=_SIGNED,
    fix="Remember ids for a week, act on none twice, and refuse older deliveries.",
    schemes=frozenset({"webhook", "fin_agent"}),  # a Canvas Kit request holds no time
)
def replay(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A genuine delivery from a year ago."""
    document = builder.document("P04")
    old = {
        key: value - _A_YEAR if key in {"created_at", "first_sent_at"} else value
        for key, value in document.items()
    }
    return (builder.genuine("P04", compact(old), genuine=False),)


@_serve(
    id="P05",
    title="Another workspace's delivery",
    expect=Expect.REFUSE,
    advisory=True,
    severity=Severity.HIGH,
    why="One app in several workspaces signs them all with the same secret.",
    consequence="Data of one workspace can be taken for another's.",
    when_broken=_SIGNED,
    fix="Check `app_id` and refuse unknown workspaces.",
    schemes=_WEBHOOK,
)
def foreign_workspace(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A valid signature of a body with a foreign `app_id`, and of one without it."""
    document = builder.document("P05 foreign")
    absent = {
        key: value for key, value in builder.document("P05 absent").items() if key != "app_id"
    }
    return (
        builder.genuine("P05 foreign", compact({**document, "app_id": "other999"}), genuine=False),
        builder.genuine("P05 absent", compact(absent), genuine=False),
    )


@_serve(
    id="P07",
    title="A slow body, and a body of two lengths",
    expect=Expect.REFUSE,
    advisory=True,
    severity=Severity.MEDIUM,
    why="Proxy and receiver may disagree on where a request ends, which allows request smuggling.",
    consequence="Requests can be smuggled past a proxy, or workers blocked.",
    fix="Put an up-to-date proxy in front; it refuses a request with two lengths.",
    references=("https://www.rfc-editor.org/rfc/rfc9112#section-6.1",),
    heavy=True,
    alone=True,
)
def odd_framing(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A genuine body in two halves, and one with Content-Length and Transfer-Encoding."""
    return (
        builder.genuine("P07 slow", framing=Framing.SLOW, expect=Expect.ACCEPT),
        builder.genuine("P07 two lengths", framing=Framing.CONFLICT, genuine=False),
    )


@_serve(
    id="P08",
    title="The same receiver over plain HTTP",
    expect=Expect.REFUSE,
    severity=Severity.MEDIUM,
    why="An https address that also answers over http exposes deliveries in the clear.",
    consequence="Deliveries can be read in transit wherever the http address is used.",
    fix="Redirect or refuse plain HTTP at the proxy.",
)
def plain_http(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A genuine delivery to the http variant of an https address."""
    redirects = frozenset(range(300, 400))
    request = builder.genuine(
        "P08", plain_http=True, refusals=redirects, may_close=True, genuine=False
    )
    return (request,)


@_serve(
    id="P09",
    title="The same delivery several times at once",
    expect=Expect.ACCEPT,
    severity=Severity.MEDIUM,
    why="Two workers look for an id at the same time, both find it new, and both act on it.",
    consequence="A repeated delivery is acted upon twice.",
    fix="Insert the id under a unique key first, and act only if that succeeds.",
    references=("https://cwe.mitre.org/data/definitions/367.html",),
    schemes=_WEBHOOK,  # whose ids are documented to identify a repeat
    observed=True,
    alone=True,
)
def race(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """One genuine delivery eight times at the same moment: it may be acted upon once."""
    return (builder.genuine("P09", at_once=True, once=True),) * 8


@_serve(
    id="P10",
    title="Lengths that servers read differently",
    expect=Expect.REFUSE,
    advisory=True,
    severity=Severity.MEDIUM,
    why="Proxy and receiver may disagree on where a request ends, which allows request smuggling.",
    consequence="Requests can be smuggled past a proxy that reads the length in another way.",
    fix="Put an up-to-date proxy in front; it refuses a request whose length is disputed.",
    references=("https://www.rfc-editor.org/rfc/rfc9112#section-6.3",),
    heavy=True,
    alone=True,
)
def disputed_lengths(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A genuine body under two lengths, an odd one, and six spellings of Transfer-Encoding."""
    return tuple(
        builder.genuine(
            f"P10 {framing}",
            framing=framing,
            genuine=False,
            may_close=True,
            refusals=frozenset({501}),  # RFC 9112, 6.1: the answer to an unknown coding
        )
        for framing in DISPUTED
        if framing is not Framing.CONFLICT  # P07 sends it
    )


SERVICE: Final = cases_of(globals())
