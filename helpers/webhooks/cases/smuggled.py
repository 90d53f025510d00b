"""R19 to R25: forgeries that go round the check: other headers, verbs and content types."""

from __future__ import annotations

from functools import partial
from typing import Final
from urllib.parse import quote

from helpers.core.model import Severity
from helpers.webhooks.cases.case import case, cases_of
from helpers.webhooks.cases.forged import ANYONE
from helpers.webhooks.forge import Forge
from helpers.webhooks.probes import Mark, Probe
from helpers.webhooks.records import Expect

__all__ = ["SMUGGLED"]

_EVERY: Final = "Check the signature before anything looks at method, content type or origin."
_CWE345: Final = "https://cwe.mitre.org/data/definitions/345.html"

_refuse = partial(case, expect=Expect.REFUSE, consequence=ANYONE, fix=_EVERY, references=(_CWE345,))


@_refuse(
    id="R19",
    title="A signature in the query",
    severity=Severity.HIGH,
    why="Parameters of a query end in logs, and a log is then enough to sign with.",
    fix="Read the signature from its header only.",
)
def in_the_query(forge: Forge) -> tuple[Probe, ...]:
    """The right signature in the query string, and no header."""
    right = forge.right(forge.body("R19"))
    return (forge.forged("R19", query=((forge.scheme.header, right), ("signature", right))),)


@_refuse(
    id="R20",
    title="The header of another scheme",
    severity=Severity.LOW,
    why="The receiver takes any of Intercom's signatures for any of its routes.",
    consequence="No forgery follows by itself; two kinds of request can be confused.",
    fix="Let every route check the one scheme that is sent to it.",
)
def other_header(forge: Forge) -> tuple[Probe, ...]:
    """Only another scheme's header, right by that scheme's rule."""
    probes = []
    for other in forge.others:
        body = forge.body(f"R20 {other.name}")
        value = other.prefix + forge.digest(body, algorithm=other.algorithm)
        mark = Mark(value.encode(), "", body)
        probes.append(forge.forged(f"R20 {other.name}", mark, header=other.header))
    return tuple(probes)


@_refuse(
    id="R21",
    title="Looks like Intercom",
    severity=Severity.HIGH,
    why="Everybody can write a User-Agent or an X-Forwarded-For.",
    fix="Trust the signature alone; addresses are a second line at most.",
)
def looks_like_intercom(forge: Forge) -> tuple[Probe, ...]:
    """Unsigned, with Intercom's User-Agent and addresses that proxies would report."""
    extra = (
        ("User-Agent", "intercom-parrot-service-client/1.0"),
        ("X-Forwarded-For", "34.231.68.152"),
        ("X-Real-IP", "34.231.68.152"),
        ("X-Intercom-Trusted", "true"),
    )
    return (forge.forged("R21", extra=extra),)


@_refuse(
    id="R22",
    title="Unsigned text",
    severity=Severity.CRITICAL,
    why="The check hangs on the JSON parser, which other content types never reach.",
)
def other_content_type(forge: Forge) -> tuple[Probe, ...]:
    """An unsigned delivery as `text/plain`, as JSON of another name, and with no type at all."""
    return (
        forge.forged("R22 text", content_type="text/plain"),
        forge.forged("R22 vendor", content_type="application/vnd.api+json"),
        forge.forged("R22 none", content_type=None),
    )


@_refuse(
    id="R23",
    title="An unsigned form",
    severity=Severity.CRITICAL,
    why="A form parser makes the same object of it, and the check hangs on the JSON parser.",
)
def form(forge: Forge) -> tuple[Probe, ...]:
    """An unsigned form with the delivery in `payload`."""
    body = b"payload=" + quote(forge.body("R23")).encode()
    kind = "application/x-www-form-urlencoded"
    return (forge.forged("R23", body=body, content_type=kind),)


@_refuse(
    id="R24",
    title="Other verbs",
    severity=Severity.MEDIUM,
    why="The check is bound to POST, the handler is not.",
    fix="Let the route take POST (and HEAD) only.",
    references=("https://cwe.mitre.org/data/definitions/650.html",),
)
def other_verbs(forge: Forge) -> tuple[Probe, ...]:
    """An unsigned delivery by PUT, PATCH, DELETE, and by GET, which may show a page."""
    unimplemented = frozenset({501})  # RFC 9110, 15.6.2: the right answer to an unknown method
    probes = [
        forge.forged(f"R24 {verb}", method=verb, refusals=unimplemented)
        for verb in ("PUT", "PATCH", "DELETE")
    ]
    get = forge.forged("R24 GET", method="GET", refusals=unimplemented, advisory=True)
    return (*probes, get)


@_refuse(
    id="R25",
    title="Method override",
    severity=Severity.MEDIUM,
    why="A middleware turns the POST into another verb, past a check bound to POST.",
    fix="Take method-override middleware off the webhook's route.",
    references=("https://cwe.mitre.org/data/definitions/650.html",),
)
def method_override(forge: Forge) -> tuple[Probe, ...]:
    """An unsigned POST with `X-HTTP-Method-Override` and its kin, as GET and as PUT."""
    names = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
    return tuple(
        forge.forged(f"R25 {verb}", extra=tuple((name, verb) for name in names))
        for verb in ("GET", "PUT")
    )


SMUGGLED: Final = cases_of(globals())
