"""E: malformed requests, which must neither pass nor break the receiver."""

from __future__ import annotations

import gzip
from functools import partial
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.cases.case import BREAKS, case, cases_of
from helpers.webhooks.cases.genuine import padded
from helpers.webhooks.records import Expect
from helpers.webhooks.request_builder import Forge, Probe

__all__ = ["MALFORMED"]

_ORDER: Final = "Verify first, parse afterwards; answer 401 to whatever does not verify."
_BYTES: Final = "Compare bytes: comparing text raises as soon as it is not ASCII."
_ACCEPTED: Final = "What nobody signed is accepted."
_SIGNED: Final = "A delivery of an unexpected form makes an error, and Intercom counts errors."
_SHAPE: Final = "Check the shape of what was parsed; answer 200 or 400 to what you can't use."
_CWE755: Final = "https://cwe.mitre.org/data/definitions/755.html"

_refuse = partial(
    case,
    expect=Expect.REFUSE,
    consequence=_ACCEPTED,
    fix=_ORDER,
    references=(_CWE755,),
    alone=True,
)
_survive = partial(
    case,
    expect=Expect.SURVIVE,
    consequence=_SIGNED,
    fix=_SHAPE,
    references=(_CWE755,),
    alone=True,
)


@_refuse(
    id="E01",
    title="A signature that is not ASCII",
    severity=Severity.HIGH,
    why="hmac.compare_digest and timingSafeEqual raise on what is not ASCII, or not as long.",
    fix=_BYTES,
)
def not_ascii(forge: Forge) -> tuple[Probe, ...]:
    """Bytes over 0x7F, UTF-8 letters as many as digits, and only such bytes as the digest."""
    prefix, digits = forge.scheme.prefix.encode(), forge.scheme.digits
    values = {
        "latin": prefix + b"\xe9" * digits,
        "multibyte": prefix + "é".encode() * digits,
        "bytes": b"\xff\xfe",
    }
    return tuple(
        forge.forged(f"E01 {name}", forge.literal(value)) for name, value in values.items()
    )


@_refuse(
    id="E02",
    title="A signature that can't be taken apart",
    severity=Severity.MEDIUM,
    why="Splitting at `=` gives more or fewer parts than the code expects.",
    fix="Match the header whole against the one form it has; refuse what does not match.",
)
def odd_signatures(forge: Forge) -> tuple[Probe, ...]:
    """`sha1`, `=`, `a=b=c`, digits that are no hex, and 8 KB of signature."""
    algorithm, prefix = forge.scheme.algorithm, forge.scheme.prefix
    values = {
        "no equals": algorithm,
        "equals": "=",
        "three parts": "a=b=c",
        "no hex": prefix + "z" * forge.scheme.digits,
        "8 KB": prefix + "a" * 8_000,
    }
    return tuple(
        forge.forged(f"E02 {name}", forge.literal(value)) for name, value in values.items()
    )


@_refuse(
    id="E03",
    title="Bad JSON, unsigned",
    severity=Severity.HIGH,
    why="The body is parsed before it is verified, and the parser raises.",
)
def bad_json_unsigned(forge: Forge) -> tuple[Probe, ...]:
    """`{"type":`, unsigned."""
    return (forge.forged("E03", body=b'{"type":'),)


@_survive(
    id="E04",
    title="Bad JSON, signed",
    severity=Severity.MEDIUM,
    why="The parser's error is not caught.",
    fix="Catch the parser's error and answer 400.",
)
def bad_json_signed(forge: Forge) -> tuple[Probe, ...]:
    """`{"type":` with the right signature."""
    return (forge.genuine("E04", b'{"type":', genuine=False),)


@_refuse(
    id="E05",
    title="An empty body, unsigned",
    severity=Severity.MEDIUM,
    why="A framework hands over nothing at all where it expects bytes.",
)
def empty_unsigned(forge: Forge) -> tuple[Probe, ...]:
    """No body and no signature."""
    return (forge.forged("E05", body=b""),)


@_survive(
    id="E06",
    title="An empty body, signed",
    severity=Severity.MEDIUM,
    why="A framework hands over nothing at all where it expects bytes.",
)
def empty_signed(forge: Forge) -> tuple[Probe, ...]:
    """No body, with the right signature of no bytes."""
    return (forge.genuine("E06", b"", genuine=False),)


@_survive(
    id="E07",
    title="JSON of another shape, signed",
    severity=Severity.MEDIUM,
    why="Code reads `data.item` of what has no data.",
)
def odd_shapes(forge: Forge) -> tuple[Probe, ...]:
    """`null`, `[]`, a number, `{"data":null}` and `__proto__`, each signed right."""
    bodies = {
        "null": b"null",
        "list": b"[]",
        "number": b"7",
        "data null": b'{"data":null}',
        "proto": b'{"__proto__":{"polluted":true},"topic":["x"],"data":{"item":7}}',
    }
    return tuple(forge.genuine(f"E07 {name}", body, genuine=False) for name, body in bodies.items())


@_survive(
    id="E08",
    title="Bytes that are no UTF-8, signed",
    severity=Severity.LOW,
    why="Decoding raises, and nothing catches it.",
    fix="Catch the decoder's error and answer 400.",
)
def bad_utf8(forge: Forge) -> tuple[Probe, ...]:
    """A body with 0xFF and half a character, signed right."""
    return (forge.genuine("E08", b'{"note":"\xff\xc3"}', genuine=False),)


@_refuse(
    id="E09",
    title="JSON 50,000 levels deep, unsigned",
    severity=Severity.HIGH,
    why="The body is parsed before it is verified, and the parser runs out of stack.",
    references=("https://cwe.mitre.org/data/definitions/674.html",),
)
def deep_json(forge: Forge) -> tuple[Probe, ...]:
    """50,000 opening and closing brackets, unsigned."""
    return (forge.forged("E09", body=b"[" * 50_000 + b"]" * 50_000),)


@_refuse(
    id="E10",
    title="A body of 5 MB, unsigned",
    severity=Severity.HIGH,
    why="All of it is read, and often parsed, before anything is refused.",
    fix="Cap the body at 1 MB, at the proxy or in the receiver, and answer 413.",
    references=("https://cwe.mitre.org/data/definitions/770.html",),
    heavy=True,
)
def five_megabytes(forge: Forge) -> tuple[Probe, ...]:
    """5 MB, unsigned; a closed connection is a proper answer."""
    body = padded(forge, "E10", 5_000_000)
    return (forge.forged("E10", body=body, may_close=True),)


@_survive(
    id="E11",
    title="A compressed body",
    severity=Severity.LOW,
    why="Compressed bytes reach a parser, or a bomb is unpacked before it is verified.",
    fix="Take decompression off the webhook's route: Intercom does not compress.",
    references=("https://cwe.mitre.org/data/definitions/409.html",),
)
def compressed(forge: Forge) -> tuple[Probe, ...]:
    """A signed gzip body, and an unsigned gzip bomb of 10 MB."""
    encoding = (("Content-Encoding", "gzip"),)
    packed = gzip.compress(forge.body("E11 gzip"), mtime=0)
    bomb = gzip.compress(bytes(10_000_000), mtime=0)
    return (
        forge.genuine("E11 gzip", packed, genuine=False, extra=encoding),
        forge.forged("E11 bomb", body=bomb, extra=encoding),
    )


@_refuse(
    id="E12",
    title="Still there at the end",
    severity=Severity.HIGH,
    why="An error that nothing catches ends the process, and nothing starts it again.",
    consequence=BREAKS,
    fix="Catch what a request can raise, and let a supervisor start the receiver again.",
    derived=True,
)
def outlived(_forge: Forge) -> tuple[Probe, ...]:
    """Nothing more: after all that was sent, the receiver must still answer."""
    return ()


MALFORMED: Final = cases_of(globals())
