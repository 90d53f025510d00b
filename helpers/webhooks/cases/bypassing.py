"""R19 to R33: requests that bypass the check, by another route or in an equivalent form."""

from __future__ import annotations

import json
from functools import partial
from typing import Final
from urllib.parse import quote

from helpers.core.model import Severity
from helpers.webhooks.cases.case import case, cases_of
from helpers.webhooks.cases.forged import ANYONE
from helpers.webhooks.records import Expect
from helpers.webhooks.request_builder import WRONG_KEY, Forge, Mark, Probe
from helpers.webhooks.samples import compact

__all__ = ["BYPASSING"]

_EVERY: Final = "Check the signature before anything looks at method, content type or origin."
_CWE345: Final = "https://cwe.mitre.org/data/definitions/345.html"
_refuse = partial(case, expect=Expect.REFUSE, consequence=ANYONE, fix=_EVERY, references=(_CWE345,))
_RAW: Final = "Verify the raw bytes of the body as they arrived, before anything parses them."
_RFC9110: Final = "https://www.rfc-editor.org/rfc/rfc9110"
_LENIENT: Final = "No forgery follows by itself; the header is read leniently."
_BOM: Final = b"\xef\xbb\xbf"
_REPLACEMENT: Final = "\ufffd".encode()
_refuse_bytes = partial(case, expect=Expect.REFUSE, fix=_RAW, references=(_CWE345,))
_advise = partial(
    case, expect=Expect.REFUSE, advisory=True, consequence=_LENIENT, references=(_RFC9110,)
)


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


@_refuse_bytes(
    id="R26",
    title="The signature of the compact form",
    severity=Severity.HIGH,
    why="The receiver writes the JSON again before it verifies; this proves it.",
    consequence="Bytes that were never signed are accepted, and genuine ones refused.",
)
def compact_form(forge: Forge) -> tuple[Probe, ...]:
    """A pretty-printed body with the signature of its compact form."""
    document = forge.document("R26")
    body = json.dumps(document, indent=2, ensure_ascii=False).encode()
    return (forge.forged("R26", forge.right(compact(document)), body=body),)


@_refuse_bytes(
    id="R27",
    title="A second value for a key",
    severity=Severity.HIGH,
    why="Parsers keep the last of two equal keys; written again, only one is left.",
    consequence="A delivery can be made to say something else under its own signature.",
)
def duplicate_key(forge: Forge) -> tuple[Probe, ...]:
    """The first key twice, another value first, with the signature of the original."""
    original = forge.body("R27")
    key = next(iter(forge.document("R27")))
    body = b'{"' + key.encode() + b'":"forged",' + original[1:]
    return (forge.forged("R27", forge.right(original), body=body),)


@_refuse_bytes(
    id="R28",
    title="A byte order mark",
    severity=Severity.LOW,
    why="The body is decoded as text before it is verified.",
    consequence="No forgery follows by itself; the check is over text, not over bytes.",
)
def byte_order_mark(forge: Forge) -> tuple[Probe, ...]:
    """A byte order mark before a body that was signed without it."""
    body = forge.body("R28")
    return (forge.forged("R28", forge.right(body), body=_BOM + body),)


@_refuse_bytes(
    id="R29",
    title="Bytes that decode to the same text",
    severity=Severity.LOW,
    why="A lenient decoder writes U+FFFD for any bad byte, and the texts are the same.",
    consequence="Bytes that were never signed are accepted.",
)
def lossy_decoding(forge: Forge) -> tuple[Probe, ...]:
    """The byte 0xFF where U+FFFD was signed."""
    signed = compact({**forge.document("R29"), "note": "\ufffd"})
    body = signed.replace(_REPLACEMENT, b"\xff", 1)
    return (forge.forged("R29", forge.right(signed), body=body),)


@_advise(
    id="R30",
    title="Two signature headers",
    severity=Severity.LOW,
    why="Which of two headers counts is not said anywhere: refuse both.",
    fix="Refuse a request with more than one signature header.",
)
def two_headers(forge: Forge) -> tuple[Probe, ...]:
    """A right and a wrong signature header, in both orders."""
    probes = []
    for name in ("right first", "right last"):
        body = forge.body(f"R30 {name}")
        marks = (forge.right(body), forge.keyed(body, WRONG_KEY))
        probes.append(forge.forged(f"R30 {name}", *(marks if "first" in name else marks[::-1])))
    return tuple(probes)


@_advise(
    id="R31",
    title="A list of signatures",
    severity=Severity.LOW,
    why="Proxies join equal headers with a comma; Intercom sends one.",
    fix="Match the header whole against the one form it has.",
)
def comma_list(forge: Forge) -> tuple[Probe, ...]:
    """A wrong and the right signature in one header, with a comma between."""
    body = forge.body("R31")
    right, wrong = forge.right(body), forge.keyed(body, WRONG_KEY)
    value = f"{wrong.value.decode()},{right.value.decode()}"
    return (forge.forged("R31", forge.bent(body, value, f"{wrong.shell},{right.shell}")),)


@_advise(
    id="R32",
    title="Upper-case hex",
    severity=Severity.LOW,
    why="Intercom sends lower case; leniency here is harmless and needless.",
    fix="Match the header whole against the one form it has.",
)
def upper_case(forge: Forge) -> tuple[Probe, ...]:
    """The right digest in capital letters."""
    body = forge.body("R32")
    value = forge.scheme.prefix + forge.digest(body).upper()
    return (forge.forged("R32", forge.bent(body, value, f"{forge.scheme.prefix}${{sig^^}}")),)


@_advise(
    id="R33",
    title="Another prefix",
    severity=Severity.LOW,
    why="Intercom's form is fixed per scheme; leniency here is harmless and needless.",
    fix="Match the header whole against the one form it has.",
)
def bare_hex(forge: Forge) -> tuple[Probe, ...]:
    """The right digest without its prefix, or with one where there is none."""
    body = forge.body("R33")
    prefix = "" if forge.scheme.prefix else f"{forge.scheme.algorithm}="
    mark = forge.bent(body, prefix + forge.digest(body), f"{prefix}${{sig}}")
    return (forge.forged("R33", mark),)


BYPASSING: Final = cases_of(globals())
