"""L and P: what the answers give away, and how the receiver serves under Intercom's rules."""

from __future__ import annotations

from functools import partial
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.cases.case import case, cases_of
from helpers.webhooks.records import Expect
from helpers.webhooks.request_builder import Forge, Framing, Probe
from helpers.webhooks.samples import compact

__all__ = ["SERVICE"]

_SETUP: Final = "https://developers.intercom.com/docs/webhooks/setting-up-webhooks"
_WEBHOOK: Final = frozenset({"webhook"})
_SIGNED: Final = "A signed delivery makes an error, and errors in a row make Intercom pause."
_A_YEAR: Final = 31_536_000  # seconds

_serve = partial(case, references=(_SETUP,))


@_serve(
    id="L01",
    title="Answers that give something away",
    expect=Expect.SURVIVE,
    severity=Severity.CRITICAL,
    why="A published package prints the right signature in its 400.",
    consequence="Whoever can read the answer can sign: forge, read the right value, send again.",
    fix="Answer with a reason and nothing else; turn debug pages off.",
    references=("https://cwe.mitre.org/data/definitions/209.html",),
    derived=True,
)
def leaks(_forge: Forge) -> tuple[Probe, ...]:
    """Nothing more: every answer is searched for the signature, the secret and traces."""
    return ()


@_serve(
    id="P01",
    title="How fast deliveries are answered",
    expect=Expect.ACCEPT,
    severity=Severity.HIGH,
    why="After 5 s a delivery counts as failed; over 500 ms its priority sinks.",
    consequence="Deliveries come late, or twice, or not at all.",
    fix="Verify, put the delivery on a queue, and answer at once.",
    derived=True,
)
def latency(_forge: Forge) -> tuple[Probe, ...]:
    """Nothing more: the genuine deliveries that were sent one after the other are timed."""
    return ()


@_serve(
    id="P02",
    title="Fifty at once",
    expect=Expect.ACCEPT,
    severity=Severity.MEDIUM,
    why="Bulk changes in Intercom make bursts of deliveries.",
    consequence="Deliveries are lost just when much happens.",
    fix="Verify, put the delivery on a queue, and answer at once.",
    heavy=True,
    alone=True,
)
def burst(forge: Forge) -> tuple[Probe, ...]:
    """Fifty genuine deliveries at the same time."""
    return (forge.genuine("P02", times=50, at_once=True),)


@_serve(
    id="P03",
    title="Answers that Intercom acts upon",
    expect=Expect.ACCEPT,
    severity=Severity.HIGH,
    why="410 disables the subscription, 429 throttles it, a redirect is no success.",
    consequence="Deliveries stop.",
    fix="Answer genuine deliveries with 200.",
    derived=True,
)
def acted_upon(_forge: Forge) -> tuple[Probe, ...]:
    """Nothing more: no genuine delivery may be answered with 410, 429 or a redirect."""
    return ()


@_serve(
    id="P04",
    title="An old delivery again",
    expect=Expect.REFUSE,
    advisory=True,
    severity=Severity.MEDIUM,
    why="Nothing in the signature holds a time: a recorded delivery stays valid.",
    consequence="A recorded delivery can be played again; a status can't show whether it acts.",
    when_broken=_SIGNED,
    fix="Remember ids for a week and act on none twice; refuse what is older.",
    schemes=frozenset({"webhook", "fin_agent"}),  # a Canvas Kit request holds no time
)
def replay(forge: Forge) -> tuple[Probe, ...]:
    """A genuine delivery of a year ago."""
    document = forge.document("P04")
    old = {
        key: value - _A_YEAR if key in {"created_at", "first_sent_at"} else value
        for key, value in document.items()
    }
    return (forge.genuine("P04", compact(old), genuine=False),)


@_serve(
    id="P05",
    title="Another workspace's delivery",
    expect=Expect.REFUSE,
    advisory=True,
    severity=Severity.HIGH,
    why="One app in several workspaces signs them all with the same secret.",
    consequence="Data of one workspace can be taken for another's.",
    when_broken=_SIGNED,
    fix="Look up `app_id` and refuse workspaces that you do not know.",
    schemes=_WEBHOOK,
)
def foreign_workspace(forge: Forge) -> tuple[Probe, ...]:
    """A right signature over a body with a foreign `app_id`, and over one with none."""
    document = forge.document("P05 foreign")
    absent = {key: value for key, value in forge.document("P05 absent").items() if key != "app_id"}
    return (
        forge.genuine("P05 foreign", compact({**document, "app_id": "other999"}), genuine=False),
        forge.genuine("P05 absent", compact(absent), genuine=False),
    )


@_serve(
    id="P07",
    title="A slow body, and a body of two lengths",
    expect=Expect.REFUSE,
    advisory=True,
    severity=Severity.MEDIUM,
    why="Proxy and receiver may disagree where a request ends, and smuggle one in.",
    consequence="Requests can be smuggled past a proxy, or workers be held.",
    fix="Put a current proxy in front; it refuses a request with two lengths.",
    references=("https://www.rfc-editor.org/rfc/rfc9112#section-6.1",),
    heavy=True,
    alone=True,
)
def odd_framing(forge: Forge) -> tuple[Probe, ...]:
    """A genuine body in two halves, and one with Content-Length and Transfer-Encoding."""
    return (
        forge.genuine("P07 slow", framing=Framing.SLOW, expect=Expect.ACCEPT),
        forge.genuine("P07 two lengths", framing=Framing.CONFLICT, genuine=False),
    )


@_serve(
    id="P08",
    title="The same receiver over plain HTTP",
    expect=Expect.REFUSE,
    severity=Severity.MEDIUM,
    why="An https address whose http variant answers too sends secrets in the clear.",
    consequence="Deliveries can be read on the way wherever the http address gets used.",
    fix="Redirect or refuse plain HTTP at the proxy.",
)
def plain_http(forge: Forge) -> tuple[Probe, ...]:
    """A genuine delivery to the http variant of an https address."""
    redirects = frozenset(range(300, 400))
    probe = forge.genuine("P08", plain_http=True, refusals=redirects, may_close=True, genuine=False)
    return (probe,)


SERVICE: Final = cases_of(globals())
