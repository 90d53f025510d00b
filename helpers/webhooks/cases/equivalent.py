"""R26 to R33: other bytes and other headers, which mean the same to who does not read closely."""

from __future__ import annotations

import json
from functools import partial
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.cases.case import case, cases_of
from helpers.webhooks.forge import WRONG_KEY, Forge
from helpers.webhooks.probes import Probe
from helpers.webhooks.records import Expect
from helpers.webhooks.samples import compact

__all__ = ["EQUIVALENT"]

_RAW: Final = "Verify the raw bytes of the body as they arrived, before anything parses them."
_CWE345: Final = "https://cwe.mitre.org/data/definitions/345.html"
_RFC9110: Final = "https://www.rfc-editor.org/rfc/rfc9110"
_LENIENT: Final = "No forgery follows by itself; the header is read leniently."
_BOM: Final = b"\xef\xbb\xbf"
_REPLACEMENT: Final = "\ufffd".encode()

_refuse = partial(case, expect=Expect.REFUSE, fix=_RAW, references=(_CWE345,))
_advise = partial(
    case, expect=Expect.REFUSE, advisory=True, consequence=_LENIENT, references=(_RFC9110,)
)


@_refuse(
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


@_refuse(
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


@_refuse(
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


@_refuse(
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


EQUIVALENT: Final = cases_of(globals())
