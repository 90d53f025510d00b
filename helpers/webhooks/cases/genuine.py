"""A: genuine deliveries, which a receiver must accept in every valid form."""

from __future__ import annotations

import json
from functools import partial
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.cases.case import case, cases_of
from helpers.webhooks.framing import Framing
from helpers.webhooks.records import Expect
from helpers.webhooks.request_builder import ReceiverRequest, RequestBuilder
from helpers.webhooks.samples import compact, notification

__all__ = ["GENUINE"]

_SETUP: Final = "https://developers.intercom.com/docs/webhooks/setting-up-webhooks"
_RFC9110: Final = "https://www.rfc-editor.org/rfc/rfc9110"
_LOST: Final = "Deliveries of this kind are lost: Intercom tries once more, then gives up."
_RAW: Final = "Verify the raw bytes of the body as they arrived, before anything parses them."

_accept = partial(case, expect=Expect.ACCEPT, consequence=_LOST, fix=_RAW, references=(_SETUP,))


@_accept(
    id="A01",
    title="A genuine delivery",
    severity=Severity.CRITICAL,
    why="The control: a receiver that refuses everything would pass every other test.",
    consequence="No delivery of Intercom's arrives, or the secret here is not the receiver's.",
    fix="Check the client secret on both sides, and that the HMAC is SHA-1 of the raw body.",
)
def control(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Compact JSON with the right signature."""
    return (builder.genuine("A01"),)


@_accept(
    id="A02",
    title="Pretty-printed JSON",
    severity=Severity.HIGH,
    why="A receiver that parses and re-serialises the JSON signs other bytes.",
)
def pretty(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The same with line breaks and spaces, validly signed."""
    text = json.dumps(builder.document("A02"), indent=2, ensure_ascii=False)
    return (builder.genuine("A02", text.encode()),)


@_accept(
    id="A03",
    title="Raw UTF-8",
    severity=Severity.HIGH,
    why="Decoding with another charset, or re-serialising as ASCII, changes the bytes of the body.",
)
def raw_unicode(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Emoji, Cyrillic, a combining accent and CJK as UTF-8, validly signed."""
    document = {**builder.document("A03"), "note": "\U0001f44d żółć \u0416 e\u0301 名前"}
    return (builder.genuine("A03", compact(document)),)


@_accept(
    id="A04",
    title="Escaped characters",
    severity=Severity.HIGH,
    why="A serialiser writes characters in place of escapes, and the bytes differ.",
)
def escapes(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    r"""`\u041f`, `\/`, U+2028 and a surrogate pair as escapes, validly signed."""
    member = rb'"note":"\u041f\u0440 <\/b> \u2028 \ud83d\ude42"'
    return (builder.genuine("A04", with_member(builder.body("A04"), member)),)


@_accept(
    id="A05",
    title="Numbers that parsers rewrite",
    severity=Severity.HIGH,
    why="1.0 becomes 1, 1e3 becomes 1000, and large integers lose digits when re-serialised.",
)
def numbers(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """`1.0`, `1e3`, a 20-digit integer, `-0.0` and `0.10`, validly signed."""
    member = b'"numbers":[1.0,1e3,12345678901234567890,-0.0,0.10]'
    return (builder.genuine("A05", with_member(builder.body("A05"), member)),)


@_accept(
    id="A06",
    title="A newline at the end",
    severity=Severity.MEDIUM,
    why="A body that is trimmed before verification has other bytes.",
)
def newline(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A line feed after the JSON, included in the signature."""
    return (builder.genuine("A06", builder.body("A06") + b"\n"),)


@_accept(
    id="A07",
    title="The header's name in another case",
    severity=Severity.MEDIUM,
    why="Header names are case-insensitive; proxies and HTTP/2 write them in lower case.",
    fix="Look the header up case-insensitively, as your framework's own headers do.",
    references=(f"{_RFC9110}#section-5.1",),
)
def header_case(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """Two genuine deliveries: the header's name in lower and in upper case."""
    name = builder.scheme.header
    return (
        builder.genuine("A07 lower", header=name.lower()),
        builder.genuine("A07 upper", header=name.upper()),
    )


@_accept(
    id="A08",
    title="A charset in the content type",
    severity=Severity.MEDIUM,
    why="Comparing the content type as a whole misses its parameters.",
    fix="Compare the media type without its parameters, or not at all.",
    references=(f"{_RFC9110}#section-8.3",),
)
def charset(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """`Content-Type: application/json; charset=utf-8`, validly signed."""
    return (builder.genuine("A08", content_type="application/json; charset=utf-8"),)


@_accept(
    id="A09",
    title="A chunked body",
    severity=Severity.MEDIUM,
    why="A receiver that reads Content-Length bytes reads none of a chunked body.",
    fix="Read the body through the framework or behind a proxy that un-chunks it.",
    references=("https://www.rfc-editor.org/rfc/rfc9112#section-7.1",),
)
def chunked(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The body in two chunks with no Content-Length, validly signed."""
    return (builder.genuine("A09", framing=Framing.CHUNKED),)


@_accept(
    id="A10",
    title="A body of 20 KB",
    severity=Severity.HIGH,
    why="Long conversations are large; a low limit loses exactly those.",
    fix="Set the body limit of the webhook's route to 1 MB.",
)
def large(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """20 KB of JSON, validly signed."""
    return (builder.genuine("A10", padded(builder, "A10", 20_000)),)


@_accept(
    id="A11",
    title="A body of 300 KB",
    advisory=True,
    severity=Severity.LOW,
    why="Common parsers stop at 100 KB; the largest delivery is not documented.",
    consequence="Very large deliveries would be lost.",
    fix="Set the body limit of the webhook's route to 1 MB.",
)
def larger(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """300 KB of JSON, validly signed."""
    return (builder.genuine("A11", padded(builder, "A11", 300_000)),)


@_accept(
    id="A12",
    title="A ping",
    severity=Severity.HIGH,
    why="A ping has no id; code that needs one fails as soon as the webhook is set up.",
    consequence="The test from the Developer Hub fails, and the webhook looks broken.",
    fix="Accept a missing id: answer a ping with 200 and do nothing else.",
    schemes=frozenset({"webhook"}),
)
def ping(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The `ping` topic, whose `id` is null, validly signed."""
    document = notification("ping", app_id=builder.app_id, identifier=None, sent_at=builder.sent_at)
    return (builder.genuine("A12", compact(document), notification=""),)


@_accept(
    id="A13",
    title="An unknown topic",
    severity=Severity.MEDIUM,
    why="More than 1000 errors in a row within 15 minutes pause all deliveries.",
    consequence="A new topic causes errors, and errors pause or suspend the subscription.",
    fix="Answer 200 to topics that you do not handle.",
    schemes=frozenset({"webhook", "fin_agent"}),
)
def unknown_topic(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A topic that does not exist yet, validly signed."""
    document = builder.document("A13")
    kind = "topic" if "topic" in document else "event_name"
    return (builder.genuine("A13", compact({**document, kind: "something.quite.new"})),)


@_accept(
    id="A14",
    title="A HEAD request",
    advisory=True,
    severity=Severity.MEDIUM,
    why="Intercom requires that the URL can receive HEAD; the status is not documented.",
    consequence="The URL may not be accepted in the Developer Hub.",
    fix="Answer HEAD with 200 and no body.",
)
def head(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """HEAD, unsigned and without a body."""
    request = builder.forged("A14", body=b"", method="HEAD", content_type=None, notification="")
    return (request,)


@_accept(
    id="A15",
    title="The same delivery twice",
    severity=Severity.MEDIUM,
    why="Intercom resends what was not answered in time; the id identifies a repeat.",
    consequence="A repeated delivery causes an error, and Intercom counts errors.",
    fix="Answer 200 to an id that was seen before, and do nothing else.",
)
def twice(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """One genuine delivery, sent twice."""
    return (builder.genuine("A15", times=2),)


def with_member(body: bytes, member: bytes) -> bytes:
    """The same JSON object with one more member, verbatim."""
    return body[:-1] + b"," + member + b"}"


def padded(builder: RequestBuilder, name: str, size: int) -> bytes:
    """A delivery of about this many bytes."""
    body = builder.body(name)
    return b"".join((body[:-1], b',"padding":"', b"x" * (size - len(body)), b'"}'))


GENUINE: Final = cases_of(globals())
