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
from helpers.webhooks.request_builder import (
    WRONG_KEY,
    ReceiverRequest,
    RequestBuilder,
    SignatureValue,
)
from helpers.webhooks.samples import compact

__all__ = ["BYPASSING"]

_EVERY: Final = "Check the signature before anything depends on method, content type or origin."
_CWE345: Final = "https://cwe.mitre.org/data/definitions/345.html"
_refuse = partial(case, expect=Expect.REFUSE, consequence=ANYONE, fix=_EVERY, references=(_CWE345,))
_RAW: Final = "Verify the raw bytes of the body as they arrived, before anything parses them."
_RFC9110: Final = "https://www.rfc-editor.org/rfc/rfc9110"
_LENIENT: Final = "This alone allows no forgery; the header is read leniently."
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
    why="Query parameters end up in logs, and a log is then enough to forge a delivery.",
    fix="Read the signature from its header only.",
)
def in_the_query(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The right signature in the query string, and no header."""
    right = builder.signature(builder.body("R19"))
    return (builder.forged("R19", query=((builder.scheme.header, right), ("signature", right))),)


@_refuse(
    id="R20",
    title="The header of another scheme",
    severity=Severity.LOW,
    why="The receiver accepts any of Intercom's signatures on any of its routes.",
    consequence="This alone allows no forgery; two kinds of request can be confused.",
    fix="Check on every route exactly the scheme that is sent to it.",
)
def other_header(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Only another scheme's header, right by that scheme's rule."""
    requests = []
    for other in builder.other_schemes:
        body = builder.body(f"R20 {other.name}")
        value = other.prefix + builder.digest(body, algorithm=other.algorithm)
        signature = SignatureValue(value.encode(), "", body)
        requests.append(builder.forged(f"R20 {other.name}", signature, header=other.header))
    return tuple(requests)


@_refuse(
    id="R21",
    title="Imitates Intercom",
    severity=Severity.HIGH,
    why="Anyone can set User-Agent or X-Forwarded-For.",
    fix="Trust only the signature; addresses are a second line of defence at most.",
)
def looks_like_intercom(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Unsigned, with Intercom's User-Agent and addresses that proxies would report."""
    extra = (
        ("User-Agent", "intercom-parrot-service-client/1.0"),
        ("X-Forwarded-For", "34.231.68.152"),
        ("X-Real-IP", "34.231.68.152"),
        ("X-Intercom-Trusted", "true"),
    )
    return (builder.forged("R21", extra=extra),)


@_refuse(
    id="R22",
    title="Unsigned text",
    severity=Severity.CRITICAL,
    why="The check is tied to the JSON parser, which other content types never reach.",
)
def other_content_type(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """An unsigned delivery as `text/plain`, as JSON of another name, and with no type at all."""
    return (
        builder.forged("R22 text", content_type="text/plain"),
        builder.forged("R22 vendor", content_type="application/vnd.api+json"),
        builder.forged("R22 none", content_type=None),
    )


@_refuse(
    id="R23",
    title="An unsigned form",
    severity=Severity.CRITICAL,
    why="A form parser produces the same object, and the check is tied to the JSON parser.",
)
def form(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """An unsigned form with the delivery in `payload`."""
    body = b"payload=" + quote(builder.body("R23")).encode()
    kind = "application/x-www-form-urlencoded"
    return (builder.forged("R23", body=body, content_type=kind),)


@_refuse(
    id="R24",
    title="Other verbs",
    severity=Severity.MEDIUM,
    why="The check is bound to POST, but the handler is not.",
    fix="Allow only POST (and HEAD) on the route.",
    references=("https://cwe.mitre.org/data/definitions/650.html",),
)
def other_verbs(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """An unsigned delivery by PUT, PATCH, DELETE, and by GET, which may show a page."""
    unimplemented = frozenset({501})  # RFC 9110, 15.6.2: the right answer to an unknown method
    requests = [
        builder.forged(f"R24 {verb}", method=verb, refusals=unimplemented)
        for verb in ("PUT", "PATCH", "DELETE")
    ]
    get = builder.forged("R24 GET", method="GET", refusals=unimplemented, advisory=True)
    return (*requests, get)


@_refuse(
    id="R25",
    title="Method override",
    severity=Severity.MEDIUM,
    why="A middleware turns the POST into another verb, past a check bound to POST.",
    fix="Remove method-override middleware from the webhook's route.",
    references=("https://cwe.mitre.org/data/definitions/650.html",),
)
def method_override(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """An unsigned POST with `X-HTTP-Method-Override` and its kin, as GET and as PUT."""
    names = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
    return tuple(
        builder.forged(f"R25 {verb}", extra=tuple((name, verb) for name in names))
        for verb in ("GET", "PUT")
    )


@_refuse_bytes(
    id="R26",
    title="The signature of the compact form",
    severity=Severity.HIGH,
    why="The receiver re-serialises the JSON before it verifies; this proves it.",
    consequence="Bytes that were never signed are accepted, and genuine ones refused.",
)
def compact_form(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A pretty-printed body with the signature of its compact form."""
    document = builder.document("R26")
    body = json.dumps(document, indent=2, ensure_ascii=False).encode()
    return (builder.forged("R26", builder.signature(compact(document)), body=body),)


@_refuse_bytes(
    id="R27",
    title="A second value for a key",
    severity=Severity.HIGH,
    why="Parsers keep the last of two equal keys; re-serialised, only one is left.",
    consequence="A delivery can be given other content under its own signature.",
)
def duplicate_key(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The first key twice, another value first, with the signature of the original."""
    original = builder.body("R27")
    key = next(iter(builder.document("R27")))
    body = b'{"' + key.encode() + b'":"forged",' + original[1:]
    return (builder.forged("R27", builder.signature(original), body=body),)


@_refuse_bytes(
    id="R28",
    title="A byte order mark",
    severity=Severity.LOW,
    why="The body is decoded as text before it is verified.",
    consequence="This alone allows no forgery; the check covers text, not bytes.",
)
def byte_order_mark(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A byte order mark before a body that was signed without it."""
    body = builder.body("R28")
    return (builder.forged("R28", builder.signature(body), body=_BOM + body),)


@_refuse_bytes(
    id="R29",
    title="Bytes that decode to the same text",
    severity=Severity.LOW,
    why="A lenient decoder writes U+FFFD for any invalid byte, so the texts are the same.",
    consequence="Bytes that were never signed are accepted.",
)
def lossy_decoding(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The byte 0xFF where U+FFFD was signed."""
    signed = compact({**builder.document("R29"), "note": "\ufffd"})
    body = signed.replace(_REPLACEMENT, b"\xff", 1)
    return (builder.forged("R29", builder.signature(signed), body=body),)


@_advise(
    id="R30",
    title="Two signature headers",
    severity=Severity.LOW,
    why="No rule says which of two headers counts: refuse both.",
    fix="Refuse a request with more than one signature header.",
)
def two_headers(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A right and a wrong signature header, in both orders."""
    requests = []
    for name in ("right first", "right last"):
        body = builder.body(f"R30 {name}")
        signatures = (builder.signature(body), builder.signature_with(body, WRONG_KEY))
        requests.append(
            builder.forged(f"R30 {name}", *(signatures if "first" in name else signatures[::-1]))
        )
    return tuple(requests)


@_advise(
    id="R31",
    title="A list of signatures",
    severity=Severity.LOW,
    why="Proxies join equal headers with a comma; Intercom sends one.",
    fix="Match the whole header against its one valid form.",
)
def comma_list(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A wrong and the right signature in one header, separated by a comma."""
    body = builder.body("R31")
    right, wrong = builder.signature(body), builder.signature_with(body, WRONG_KEY)
    value = f"{wrong.value.decode()},{right.value.decode()}"
    return (
        builder.forged(
            "R31", builder.derived_signature(body, value, f"{wrong.shell},{right.shell}")
        ),
    )


@_advise(
    id="R32",
    title="Upper-case hex",
    severity=Severity.LOW,
    why="Intercom sends lower case; leniency here is harmless but unnecessary.",
    fix="Match the whole header against its one valid form.",
)
def upper_case(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The right digest in capital letters."""
    body = builder.body("R32")
    value = builder.scheme.prefix + builder.digest(body).upper()
    return (
        builder.forged(
            "R32", builder.derived_signature(body, value, f"{builder.scheme.prefix}${{sig^^}}")
        ),
    )


@_advise(
    id="R33",
    title="Another prefix",
    severity=Severity.LOW,
    why="Intercom's form is fixed per scheme; leniency here is harmless but unnecessary.",
    fix="Match the whole header against its one valid form.",
)
def bare_hex(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The right digest without its prefix, or with one where there is none."""
    body = builder.body("R33")
    prefix = "" if builder.scheme.prefix else f"{builder.scheme.algorithm}="
    signature = builder.derived_signature(body, prefix + builder.digest(body), f"{prefix}${{sig}}")
    return (builder.forged("R33", signature),)


BYPASSING: Final = cases_of(globals())
