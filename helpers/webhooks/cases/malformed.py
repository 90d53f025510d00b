"""E: malformed requests, which must neither be accepted nor break the receiver."""

from __future__ import annotations

import gzip
from functools import cache, partial
from typing import Any, Final

from helpers.core.model import Severity
from helpers.webhooks.cases.case import BREAKS, case, cases_of
from helpers.webhooks.cases.genuine import padded, with_member
from helpers.webhooks.records import Expect
from helpers.webhooks.request_builder import WRONG_KEY, ReceiverRequest, RequestBuilder

__all__ = ["MALFORMED"]

_ORDER: Final = "Verify first, parse afterwards; answer 401 if verification fails."
_BYTES: Final = "Compare bytes: comparing text raises if it is not ASCII."
_ACCEPTED: Final = "Unsigned input is accepted."
_SIGNED: Final = "A delivery of an unexpected form causes an error, and Intercom counts errors."
_SHAPE: Final = "Check the shape of the parsed JSON; answer 200 or 400 if you can't use it."
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
    why="hmac.compare_digest raises on non-ASCII text, timingSafeEqual on other lengths.",
    fix=_BYTES,
)
def not_ascii(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Bytes over 0x7F, UTF-8 letters as many as digits, and only such bytes as the digest."""
    prefix, digits = builder.scheme.prefix.encode(), builder.scheme.digits
    values = {
        "latin": prefix + b"\xe9" * digits,
        "multibyte": prefix + "é".encode() * digits,
        "bytes": b"\xff\xfe",
    }
    return tuple(
        builder.forged(f"E01 {name}", builder.literal(value)) for name, value in values.items()
    )


@_refuse(
    id="E02",
    title="A signature that can't be parsed",
    severity=Severity.MEDIUM,
    why="Splitting at `=` gives more or fewer parts than the code expects.",
    fix="Match the whole header against its one valid form; refuse anything else.",
)
def odd_signatures(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """`sha1`, `=`, `a=b=c`, digits that are not hex, and 8 KB of signature."""
    algorithm, prefix = builder.scheme.algorithm, builder.scheme.prefix
    values = {
        "no equals": algorithm,
        "equals": "=",
        "three parts": "a=b=c",
        "no hex": prefix + "z" * builder.scheme.digits,
        "8 KB": prefix + "a" * 8_000,
    }
    return tuple(
        builder.forged(f"E02 {name}", builder.literal(value)) for name, value in values.items()
    )


@_refuse(
    id="E03",
    title="Bad JSON, not validly signed",
    severity=Severity.HIGH,
    why="The body is parsed before it is verified, and the parser raises.",
)
def bad_json_unsigned(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """`{"type":`, unsigned, and with the signature of a wrong secret."""
    return _both_ways(builder, "E03", b'{"type":')


@_survive(
    id="E04",
    title="Bad JSON, signed",
    severity=Severity.MEDIUM,
    why="The parser's error is not caught.",
    fix="Catch the parser's error and answer 400.",
)
def bad_json_signed(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """`{"type":` with the right signature."""
    return (builder.genuine("E04", b'{"type":', genuine=False),)


@_refuse(
    id="E05",
    title="An empty body, not validly signed",
    severity=Severity.MEDIUM,
    why="The framework passes nothing where the code expects bytes.",
)
def empty_unsigned(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """No body, unsigned, and with the signature of a wrong secret."""
    return _both_ways(builder, "E05", b"")


@_survive(
    id="E06",
    title="An empty body, signed",
    severity=Severity.MEDIUM,
    why="The framework passes nothing where the code expects bytes.",
)
def empty_signed(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """No body, with the right signature of no bytes."""
    return (builder.genuine("E06", b"", genuine=False),)


@_survive(
    id="E07",
    title="JSON of another shape, signed",
    severity=Severity.MEDIUM,
    why="Code reads `data.item` from an object without `data`.",
)
def odd_shapes(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """`null`, `[]`, a number, `{"data":null}` and `__proto__`, each validly signed."""
    bodies = {
        "null": b"null",
        "list": b"[]",
        "number": b"7",
        "data null": b'{"data":null}',
        "proto": b'{"__proto__":{"polluted":true},"topic":["x"],"data":{"item":7}}',
    }
    return tuple(
        builder.genuine(f"E07 {name}", body, genuine=False) for name, body in bodies.items()
    )


@_survive(
    id="E08",
    title="Bytes that are not UTF-8, signed",
    severity=Severity.LOW,
    why="Decoding raises, and nothing catches it.",
    fix="Catch the decoder's error and answer 400.",
)
def bad_utf8(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A body with 0xFF and half a character, validly signed."""
    return (builder.genuine("E08", b'{"note":"\xff\xc3"}', genuine=False),)


@_refuse(
    id="E09",
    title="JSON 50,000 levels deep, not validly signed",
    severity=Severity.HIGH,
    why="The body is parsed before it is verified, and the parser runs out of stack.",
    references=("https://cwe.mitre.org/data/definitions/674.html",),
)
def deep_json(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """50,000 opening and closing brackets, unsigned, and with the signature of a wrong secret."""
    return _both_ways(builder, "E09", b"[" * 50_000 + b"]" * 50_000)


@_refuse(
    id="E10",
    title="A body of 5 MB, not validly signed",
    severity=Severity.HIGH,
    why="The whole body is read, and often parsed, before it is refused.",
    fix="Cap the body at 1 MB, at the proxy or in the receiver, and answer 413.",
    references=("https://cwe.mitre.org/data/definitions/770.html",),
    heavy=True,
)
def five_megabytes(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """5 MB, unsigned, and with a wrong secret's signature; closing the connection is a refusal."""
    return _both_ways(builder, "E10", padded(builder, "E10", 5_000_000), may_close=True)


@_survive(
    id="E11",
    title="A compressed body",
    severity=Severity.LOW,
    why="Compressed bytes reach a parser, or a bomb is unpacked before verification.",
    fix="Disable decompression on the webhook's route: Intercom does not compress.",
    references=("https://cwe.mitre.org/data/definitions/409.html",),
)
def compressed(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A signed gzip body, and an unsigned gzip bomb of 10 MB."""
    encoding = (("Content-Encoding", "gzip"),)
    packed = gzip.compress(builder.body("E11 gzip"), mtime=0)
    return (
        builder.genuine("E11 gzip", packed, genuine=False, extra=encoding),
        builder.forged("E11 bomb", body=_bomb(), extra=encoding),
    )


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(10_000_000), compresslevel=1, mtime=0)


@_refuse(
    id="E12",
    title="Still alive at the end",
    severity=Severity.HIGH,
    why="An uncaught error ends the process, and nothing restarts it.",
    consequence=BREAKS,
    fix="Catch errors that a request can cause, and have a supervisor restart the receiver.",
    derived=True,
)
def outlived(_builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Nothing more: after all other requests, the receiver must still answer."""
    return ()


@_survive(
    id="E13",
    title="JSON that repeats a key, signed",
    severity=Severity.LOW,
    why="A parser that forbids repeated keys raises, and nothing catches it.",
    fix="Catch the parser's error and answer 400.",
)
def repeated_key(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A body whose first key occurs twice, validly signed."""
    key = next(iter(builder.document("E13"))).encode()
    body = with_member(builder.body("E13"), b'"' + key + b'":"again"')
    return (builder.genuine("E13", body, genuine=False),)


def _both_ways(
    builder: RequestBuilder, name: str, body: bytes, **more: Any
) -> tuple[ReceiverRequest, ...]:
    """Unsigned, and well signed by a stranger: many receivers parse once a signature is there."""
    wrong = builder.signature_with(body, WRONG_KEY)
    return (
        builder.forged(name, body=body, **more),
        builder.forged(f"{name} wrong key", wrong, body=body, **more),
    )


MALFORMED: Final = cases_of(globals())
