"""R34 to R43, R52, R55: requests that are trusted for their origin or for what else they carry."""

from __future__ import annotations

from functools import partial
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.cases.case import case, cases_of
from helpers.webhooks.cases.forged import ANYONE
from helpers.webhooks.framing import Framing
from helpers.webhooks.records import Expect
from helpers.webhooks.request_builder import (
    WRONG_KEY,
    ReceiverRequest,
    RequestBuilder,
    Route,
)
from helpers.webhooks.samples import compact, notification

__all__ = ["TRUSTING"]

_EVERY: Final = "Check the signature before anything depends on route, origin or content."
_CWE345: Final = "https://cwe.mitre.org/data/definitions/345.html"
_CWE290: Final = "https://cwe.mitre.org/data/definitions/290.html"
_WEBHOOK: Final = frozenset({"webhook"})
_refuse = partial(case, expect=Expect.REFUSE, consequence=ANYONE, fix=_EVERY, references=(_CWE345,))


@_refuse(
    id="R34",
    title="An address that a proxy would report",
    severity=Severity.CRITICAL,
    why="Code trusts its own machine or Intercom's addresses, and anyone can write these headers.",
    fix="Trust only the signature; take the address from a proxy that overwrites these headers.",
    references=(_CWE290,),
)
def proxy_headers(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Unsigned, from loopback or Intercom as one header each would have it."""
    headers = {
        "for loopback": ("X-Forwarded-For", "127.0.0.1"),
        "for loopback v6": ("X-Forwarded-For", "::1"),
        "for Intercom": ("X-Forwarded-For", "34.231.68.152"),
        "forwarded": ("Forwarded", "for=127.0.0.1"),
        "real loopback": ("X-Real-IP", "127.0.0.1"),
        "real Intercom": ("X-Real-IP", "34.231.68.152"),
        "client": ("True-Client-IP", "127.0.0.1"),
    }
    return tuple(builder.forged(f"R34 {name}", extra=(line,)) for name, line in headers.items())


@_refuse(
    id="R35",
    title="Another spelling of the path",
    severity=Severity.CRITICAL,
    why="The check is bound to one spelling of the path, and the router accepts others.",
    fix="Check the signature in the handler, or normalise the path before anything matches it.",
    references=("https://cwe.mitre.org/data/definitions/436.html",),
)
def other_paths(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Unsigned, with a trailing slash, two slashes, capitals, `;x` and `%2e` in the path."""
    redirects = frozenset(range(300, 400))
    return tuple(
        builder.forged(f"R35 {route}", route=route, refusals=redirects, may_close=True)
        for route in Route
        if route is not Route.SAME
    )


@_refuse(
    id="R36",
    title="A topic that skips the check",
    severity=Severity.CRITICAL,
    why="A ping or an unknown topic is answered before the signature is checked.",
    schemes=_WEBHOOK,
)
def other_topics(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A ping, unsigned and wrongly signed, and unsigned deliveries of other topics and of none."""
    ping = compact(
        notification("ping", app_id=builder.app_id, identifier=None, sent_at=builder.sent_at)
    )
    wrong = builder.signature_with(ping, WRONG_KEY)
    requests = [
        builder.forged("R36 ping", body=ping, notification=""),
        builder.forged("R36 ping wrong key", wrong, body=ping, notification=""),
    ]
    for name, topic in (("unknown", "something.quite.new"), ("null", None), ("empty", "")):
        document = {**builder.document(f"R36 {name}"), "topic": topic}
        requests.append(builder.forged(f"R36 {name}", body=compact(document)))
    return tuple(requests)


@_refuse(
    id="R38",
    title="An unsigned chunked body",
    severity=Severity.CRITICAL,
    why="Code takes a request without Content-Length for empty, and does not check it.",
)
def unsigned_chunks(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A delivery in two chunks with no Content-Length, unsigned, and wrongly signed."""
    wrong = builder.signature_with(builder.body("R38 wrong key"), WRONG_KEY)
    return (
        builder.forged("R38", framing=Framing.CHUNKED),
        builder.forged("R38 wrong key", wrong, framing=Framing.CHUNKED),
    )


@_refuse(
    id="R40",
    title="A workspace without a secret",
    severity=Severity.CRITICAL,
    why="The secret is looked up by `app_id`, and an unknown workspace has none to check.",
    fix="Refuse an unknown workspace before you look for its secret.",
    schemes=_WEBHOOK,
)
def unknown_workspace(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Another `app_id`, or none, unsigned and signed with the empty key."""
    requests = []
    for name, app_id in (("foreign", "other999"), ("absent", None)):
        for how in ("unsigned", "empty key"):
            document = {**builder.document(f"R40 {name} {how}"), "app_id": app_id}
            if app_id is None:
                del document["app_id"]
            body = compact(document)
            signatures = (builder.signature_with(body, b""),) if how == "empty key" else ()
            requests.append(builder.forged(f"R40 {name} {how}", *signatures, body=body))
    return tuple(requests)


@_refuse(
    id="R41",
    title="The id of an accepted delivery",
    severity=Severity.HIGH,
    why="An id that was accepted before is remembered as genuine, and its body is not checked.",
    fix="Check the signature first; deduplicate afterwards.",
    schemes=_WEBHOOK,
    alone=True,  # after the control, whose id it has
)
def accepted_id(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Another body with the id of the control, unsigned, and with the control's signature."""
    body = compact({**builder.document("A01"), "topic": "contact.deleted"})
    return (
        builder.forged("R41", body=body, notification=""),
        builder.forged(
            "R41 signed", builder.signature(builder.body("A01")), body=body, notification=""
        ),
    )


@_refuse(
    id="R42",
    title="The second request of a connection",
    severity=Severity.CRITICAL,
    why="The check is remembered for the connection, which a proxy shares among callers.",
    fix="Check every request by itself.",
)
def second_request(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """An unsigned delivery on a connection that carried a genuine one; closing it is a refusal."""
    return (builder.forged("R42", before=builder.genuine("R42 before"), may_close=True),)


@_refuse(
    id="R43",
    title="A request sent along with another",
    severity=Severity.CRITICAL,
    why="What follows a genuine request at once is taken for a part of it.",
    fix="Check every request by itself.",
    references=("https://www.rfc-editor.org/rfc/rfc9112#section-9.3.2",),
)
def pipelined(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """An unsigned delivery sent together with a genuine one; closing is a refusal."""
    before = builder.genuine("R43 before")
    return (builder.forged("R43", before=before, pipelined=True, may_close=True),)


@_refuse(
    id="R52",
    title="Names that skip the check",
    severity=Severity.CRITICAL,
    why="Health checks and tools are recognised by what anyone can write.",
    references=(_CWE290,),
)
def names(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Unsigned, with the User-Agent of a health check or tool, or a local host name."""
    agents = ("kube-probe/1.29", "GoogleHC/1.0", "ELB-HealthChecker/2.0", "PostmanRuntime/7.36.0")
    hosts = {"localhost": ("Host", "localhost"), "loopback": ("Host", "127.0.0.1")}
    lines = {agent.partition("/")[0]: ("User-Agent", agent) for agent in agents} | hosts
    lines["forwarded host"] = ("X-Forwarded-Host", "localhost")
    return tuple(builder.forged(f"R52 {name}", extra=(line,)) for name, line in lines.items())


@_refuse(
    id="R55",
    title="A HEAD or OPTIONS request with a body",
    severity=Severity.CRITICAL,
    why="The handler of a delivery runs for every verb, and the check for POST alone.",
    fix="Answer HEAD and OPTIONS without reading the body.",
    references=("https://cwe.mitre.org/data/definitions/650.html",),
)
def silent_verbs(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """An unsigned delivery by HEAD and OPTIONS: any answer but an error, and no action on it."""
    harmless = frozenset({*range(200, 400), 501})
    return tuple(
        builder.forged(f"R55 {verb}", method=verb, refusals=harmless)
        for verb in ("HEAD", "OPTIONS")
    )


TRUSTING: Final = cases_of(globals())
