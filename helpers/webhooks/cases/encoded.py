"""R37 to R54 and R59: bodies and digests in forms that a check may read otherwise."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from functools import partial
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.cases.case import case, cases_of
from helpers.webhooks.cases.forged import ANYONE, CWE347
from helpers.webhooks.cases.genuine import padded, with_member
from helpers.webhooks.framing import Framing
from helpers.webhooks.records import Expect
from helpers.webhooks.request_builder import (
    WRONG_KEY,
    ReceiverRequest,
    RequestBuilder,
    SignatureValue,
)

__all__ = ["ENCODED"]

_RAW: Final = "Verify the raw bytes of the body as they arrived, before anything decodes them."
_WHOLE: Final = "Take the HMAC over all bytes of the body, and refuse what is too large to read."
_EXACT: Final = "Match the whole header against its one valid form, then compare it as a whole."
_ONE: Final = "Check exactly the header and the algorithm that Intercom sends."
_WEBHOOK: Final = frozenset({"webhook"})
_BOUNDARY: Final = "runbook-boundary"
_refuse = partial(case, expect=Expect.REFUSE, consequence=ANYONE, fix=_RAW, references=(CWE347,))


@_refuse(
    id="R37",
    title="An unsigned compressed body",
    severity=Severity.CRITICAL,
    why="A middleware unpacks the body into a field that the check does not see.",
)
def compressed(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """An unsigned delivery as gzip, deflate and br."""
    packed = {
        "gzip": gzip.compress(builder.body("R37 gzip"), mtime=0),
        "deflate": zlib.compress(builder.body("R37 deflate")),
        "br": _brotli(builder.body("R37 br")),
    }
    return tuple(
        builder.forged(f"R37 {name}", body=body, extra=(("Content-Encoding", name),))
        for name, body in packed.items()
    )


def _brotli(body: bytes) -> bytes:
    """One stored block of up to 64 KB and the empty last one: RFC 7932, section 9.2."""
    head = (len(body) - 1) << 4 | 1 << 20
    return head.to_bytes(3, "little") + body + b"\x03"


@_refuse(
    id="R39",
    title="An unsigned multipart form",
    severity=Severity.CRITICAL,
    why="A form parser consumes the body, so the check sees none or is skipped.",
)
def multipart(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """An unsigned multipart form with the delivery in the field or the file `payload`."""
    kind = f"multipart/form-data; boundary={_BOUNDARY}"
    return tuple(
        builder.forged(
            f"R39 {name}", body=_form(builder.body(f"R39 {name}"), more), content_type=kind
        )
        for name, more in (("field", b""), ("file", b'; filename="a.json"'))
    )


def _form(payload: bytes, more: bytes) -> bytes:
    edge = b"--" + _BOUNDARY.encode()
    head = b'Content-Disposition: form-data; name="payload"' + more
    return b"\r\n".join((edge, head, b"", payload, edge + b"--", b""))


@_refuse(
    id="R44",
    title="A large body that is checked in part",
    severity=Severity.CRITICAL,
    why="Only the first part of a large body is read for the check, or none of it.",
    consequence="Anyone can append content to a delivery, or send a large one unsigned.",
    fix=_WHOLE,
)
def large_tail(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Over 8 KiB and 64 KiB: the tail changed, and only the first part signed."""
    return (*_tails(builder, "R44 8 KiB", 8_192), *_tails(builder, "R44 64 KiB", 65_536))


@_refuse(
    id="R45",
    title="A body over 1 MiB that is checked in part",
    severity=Severity.CRITICAL,
    why="Only the first part of a large body is read for the check, or none of it.",
    consequence="Anyone can append content to a delivery, or send a large one unsigned.",
    fix=_WHOLE,
    heavy=True,
)
def larger_tail(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Over 1 MiB: the tail changed, and only the first part signed; closing is a refusal."""
    return _tails(builder, "R45 1 MiB", 1_048_576)


def _tails(builder: RequestBuilder, name: str, size: int) -> tuple[ReceiverRequest, ...]:
    signed = padded(builder, name, size + 1_000)
    changed = signed[:-3] + b"y" + signed[-2:]
    first = builder.signature(signed[:size])
    return (
        builder.forged(f"{name} changed", builder.signature(signed), body=changed, may_close=True),
        builder.forged(f"{name} first part", first, body=signed, may_close=True),
    )


@_refuse(
    id="R46",
    title="Bytes that can't be decoded",
    severity=Severity.CRITICAL,
    why="Decoding raises before the check, and the error is answered as a success.",
)
def undecodable(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A delivery with bytes that are not UTF-8, unsigned, and wrongly signed."""
    body = builder.body("R46")[:-1] + b',"note":"\xff\xc3"}'
    wrong = builder.signature_with(body, WRONG_KEY)
    return (
        builder.forged("R46", body=body),
        builder.forged("R46 wrong key", wrong, body=body),
    )


@_refuse(
    id="R47",
    title="The signature without the bad byte",
    severity=Severity.MEDIUM,
    why="A decoder that ignores errors drops the byte, and the rest was signed.",
    consequence="Bytes that were never signed are accepted.",
)
def ignored_byte(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A signed body with the byte 0xFF added."""
    signed = builder.body("R47")
    body = signed[:-1] + b"\xff" + signed[-1:]
    return (builder.forged("R47", builder.signature(signed), body=body),)


@_refuse(
    id="R48",
    title="X-Hub-Signature-256 without the secret",
    severity=Severity.CRITICAL,
    why="GitHub's second header is checked with a secret that is not configured.",
    fix=_ONE,
    schemes=_WEBHOOK,
)
def second_header_forged(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """`X-Hub-Signature-256` by the empty key or a plain hash, the other header missing or wrong."""
    requests = []
    for beside in ("missing", "wrong"):
        for how in ("empty key", "plain hash"):
            body = builder.body(f"R48 {how} {beside}")
            keyed = builder.digest(body, key=b"", algorithm="sha256")
            digest = keyed if how == "empty key" else hashlib.sha256(body).hexdigest()
            wrong = (builder.signature_with(body, WRONG_KEY),) if beside == "wrong" else ()
            requests.append(
                builder.forged(
                    f"R48 {how} {beside}",
                    *wrong,
                    extra=(("X-Hub-Signature-256", f"sha256={digest}"),),
                )
            )
    return tuple(requests)


@_refuse(
    id="R49",
    title="X-Hub-Signature-256 in place of Intercom's header",
    severity=Severity.MEDIUM,
    why="Code written for GitHub checks the second header and ignores the first.",
    consequence="This alone allows no forgery; a wrong X-Hub-Signature is ignored.",
    fix=_ONE,
    schemes=_WEBHOOK,
)
def second_header(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The right `X-Hub-Signature-256` beside a missing and a wrong X-Hub-Signature."""
    requests = []
    for beside in ("missing", "wrong"):
        body = builder.body(f"R49 {beside}")
        value = "sha256=" + builder.digest(body, algorithm="sha256")
        right = SignatureValue(value.encode(), "", body)
        wrong = (builder.signature_with(body, WRONG_KEY),) if beside == "wrong" else ()
        requests.append(
            builder.forged(f"R49 {beside}", *wrong, beside=(("X-Hub-Signature-256", right),))
        )
    return tuple(requests)


@_refuse(
    id="R50",
    title="A digest after other text",
    severity=Severity.LOW,
    why="The header only has to contain the digest, or to end with it.",
    consequence="This alone allows no forgery; the header is read leniently.",
    fix=_EXACT,
)
def behind_text(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The right signature after `zz`, and the digest after `00`."""
    prefix, requests = builder.scheme.prefix, []
    for name, before, inner in (("text", "zz", ""), ("digits", "", "00")):
        body = builder.body(f"R50 {name}")
        value = f"{before}{prefix}{inner}{builder.digest(body)}"
        shell = f"{before}{prefix}{inner}${{sig}}"
        requests.append(
            builder.forged(f"R50 {name}", builder.derived_signature(body, value, shell))
        )
    return tuple(requests)


@_refuse(
    id="R51",
    title="A part of the digest",
    severity=Severity.CRITICAL,
    why="The comparison asks whether the expected value contains what was sent.",
    consequence="Eight digits, or fewer, can be guessed.",
    fix=_EXACT,
)
def parts(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Eight digits from the middle and from the end of the right digest, without a prefix."""
    digits, requests = builder.scheme.digits, []
    for name, at in (("middle", digits // 2), ("end", digits - 8)):
        body = builder.body(f"R51 {name}")
        value = builder.digest(body)[at : at + 8]
        signature = builder.derived_signature(body, value, f"${{sig:{at}:8}}")
        requests.append(builder.forged(f"R51 {name}", signature))
    return tuple(requests)


@_refuse(
    id="R53",
    title="A further value for a key",
    severity=Severity.HIGH,
    why="Parsers disagree on which of two equal keys counts; re-serialised, only one is left.",
    consequence="A delivery can be given other content under its own signature.",
)
def repeated_keys(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The first key again at the end, and spelled with an escape at either end; all forged."""
    key = next(iter(builder.document("R53"))).encode()
    escaped = b"\\u%04x" % key[0] + key[1:]
    spellings = {"last": key, "escaped first": escaped, "escaped last": escaped}
    requests = []
    for name, spelled in spellings.items():
        original = builder.body(f"R53 {name}")
        member = b'"' + spelled + b'":"forged"'
        first = b"{" + member + b"," + original[1:]
        body = first if name.endswith("first") else with_member(original, member)
        requests.append(builder.forged(f"R53 {name}", builder.signature(original), body=body))
    return tuple(requests)


@_refuse(
    id="R54",
    title="An unsigned body that arrives slowly",
    severity=Severity.CRITICAL,
    why="Code that gives up on the rest of a body answers without checking anything.",
    fix="Answer 408 or 401 if the body did not arrive in time.",
)
def slow_body(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """An unsigned delivery in two halves with a pause, and a wrongly signed one."""
    wrong = builder.signature_with(builder.body("R54 wrong key"), WRONG_KEY)
    return (
        builder.forged("R54", framing=Framing.SLOW),
        builder.forged("R54 wrong key", wrong, framing=Framing.SLOW),
    )


@_refuse(
    id="R59",
    title="A body that is cut off",
    severity=Severity.CRITICAL,
    why="Code that loses the rest of a body answers without checking anything.",
    fix="Answer 400 if the body is shorter than announced, or close the connection.",
)
def cut_off(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Half a delivery, then the end of the stream: unsigned, and signed for the whole."""
    right = builder.signature(builder.body("R59 signed"))
    return (
        builder.forged("R59", framing=Framing.CUT, may_close=True),
        builder.forged("R59 signed", right, framing=Framing.CUT, may_close=True),
    )


ENCODED: Final = cases_of(globals())
