"""A: genuine deliveries, which a receiver has to accept however they are written."""

from __future__ import annotations

import json
from functools import partial
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.cases.case import case, cases_of
from helpers.webhooks.records import Expect
from helpers.webhooks.request_builder import Forge, Framing, Probe
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
def control(forge: Forge) -> tuple[Probe, ...]:
    """Compact JSON with the right signature."""
    return (forge.genuine("A01"),)


@_accept(
    id="A02",
    title="Pretty-printed JSON",
    severity=Severity.HIGH,
    why="A receiver that parses and writes the JSON again signs other bytes.",
)
def pretty(forge: Forge) -> tuple[Probe, ...]:
    """The same with line breaks and spaces, signed right."""
    text = json.dumps(forge.document("A02"), indent=2, ensure_ascii=False)
    return (forge.genuine("A02", text.encode()),)


@_accept(
    id="A03",
    title="Raw UTF-8",
    severity=Severity.HIGH,
    why="A body decoded with another charset, or written again as ASCII, changes its bytes.",
)
def raw_unicode(forge: Forge) -> tuple[Probe, ...]:
    """Emoji, Cyrillic, a combining accent and CJK as UTF-8, signed right."""
    document = {**forge.document("A03"), "note": "\U0001f44d żółć \u0416 e\u0301 名前"}
    return (forge.genuine("A03", compact(document)),)


@_accept(
    id="A04",
    title="Escaped characters",
    severity=Severity.HIGH,
    why="A serialiser writes characters where escapes stood, and the bytes differ.",
)
def escapes(forge: Forge) -> tuple[Probe, ...]:
    r"""`\u041f`, `\/`, U+2028 and a surrogate pair as escapes, signed right."""
    member = rb'"note":"\u041f\u0440 <\/b> \u2028 \ud83d\ude42"'
    return (forge.genuine("A04", with_member(forge.body("A04"), member)),)


@_accept(
    id="A05",
    title="Numbers that parsers rewrite",
    severity=Severity.HIGH,
    why="1.0 becomes 1, 1e3 becomes 1000, and large integers lose digits when written again.",
)
def numbers(forge: Forge) -> tuple[Probe, ...]:
    """`1.0`, `1e3`, a 20-digit integer, `-0.0` and `0.10`, signed right."""
    member = b'"numbers":[1.0,1e3,12345678901234567890,-0.0,0.10]'
    return (forge.genuine("A05", with_member(forge.body("A05"), member)),)


@_accept(
    id="A06",
    title="A newline at the end",
    severity=Severity.MEDIUM,
    why="A body that is trimmed before it is verified is another body.",
)
def newline(forge: Forge) -> tuple[Probe, ...]:
    """A line feed after the JSON, signed with it."""
    return (forge.genuine("A06", forge.body("A06") + b"\n"),)


@_accept(
    id="A07",
    title="The header's name in another case",
    severity=Severity.MEDIUM,
    why="Names of headers have no case; proxies and HTTP/2 write them small.",
    fix="Look the header up without regard to case, as your framework's own headers do.",
    references=(f"{_RFC9110}#section-5.1",),
)
def header_case(forge: Forge) -> tuple[Probe, ...]:
    """Two genuine deliveries: the header's name in lower and in upper case."""
    name = forge.scheme.header
    return (
        forge.genuine("A07 lower", header=name.lower()),
        forge.genuine("A07 upper", header=name.upper()),
    )


@_accept(
    id="A08",
    title="A charset in the content type",
    severity=Severity.MEDIUM,
    why="Comparing the content type as a whole misses its parameters.",
    fix="Compare the media type without its parameters, or not at all.",
    references=(f"{_RFC9110}#section-8.3",),
)
def charset(forge: Forge) -> tuple[Probe, ...]:
    """`Content-Type: application/json; charset=utf-8`, signed right."""
    return (forge.genuine("A08", content_type="application/json; charset=utf-8"),)


@_accept(
    id="A09",
    title="A chunked body",
    severity=Severity.MEDIUM,
    why="A receiver that reads Content-Length bytes reads none of a chunked body.",
    fix="Read the body through the framework or behind a proxy that un-chunks it.",
    references=("https://www.rfc-editor.org/rfc/rfc9112#section-7.1",),
)
def chunked(forge: Forge) -> tuple[Probe, ...]:
    """The body in two chunks with no Content-Length, signed right."""
    return (forge.genuine("A09", framing=Framing.CHUNKED),)


@_accept(
    id="A10",
    title="A body of 20 KB",
    severity=Severity.HIGH,
    why="Long conversations are large; a low limit loses just those.",
    fix="Let the body limit be 1 MB at the webhook's route.",
)
def large(forge: Forge) -> tuple[Probe, ...]:
    """20 KB of JSON, signed right."""
    return (forge.genuine("A10", padded(forge, "A10", 20_000)),)


@_accept(
    id="A11",
    title="A body of 300 KB",
    advisory=True,
    severity=Severity.LOW,
    why="Common parsers stop at 100 KB; the largest delivery is not documented.",
    consequence="Very large deliveries would be lost.",
    fix="Let the body limit be 1 MB at the webhook's route.",
)
def larger(forge: Forge) -> tuple[Probe, ...]:
    """300 KB of JSON, signed right."""
    return (forge.genuine("A11", padded(forge, "A11", 300_000)),)


@_accept(
    id="A12",
    title="A ping",
    severity=Severity.HIGH,
    why="A ping has no id; code that wants one fails just when the webhook is set up.",
    consequence="The test from the Developer Hub fails, and the webhook looks broken.",
    fix="Let the id be absent: answer a ping with 200 and do nothing else.",
    schemes=frozenset({"webhook"}),
)
def ping(forge: Forge) -> tuple[Probe, ...]:
    """The `ping` topic, whose `id` is null, signed right."""
    document = notification("ping", app_id=forge.app_id, identifier=None, sent_at=forge.sent_at)
    return (forge.genuine("A12", compact(document), notification=""),)


@_accept(
    id="A13",
    title="An unknown topic",
    severity=Severity.MEDIUM,
    why="More than 1000 errors in a row within 15 minutes pause all deliveries.",
    consequence="A new topic makes errors, and errors pause or suspend the subscription.",
    fix="Answer 200 to topics that you do not handle.",
    schemes=frozenset({"webhook", "fin_agent"}),
)
def unknown_topic(forge: Forge) -> tuple[Probe, ...]:
    """A topic that does not exist yet, signed right."""
    document = forge.document("A13")
    kind = "topic" if "topic" in document else "event_name"
    return (forge.genuine("A13", compact({**document, kind: "something.quite.new"})),)


@_accept(
    id="A14",
    title="A HEAD request",
    advisory=True,
    severity=Severity.MEDIUM,
    why="Intercom asks that the URL can receive HEAD; with which status is not documented.",
    consequence="The URL may not be accepted in the Developer Hub.",
    fix="Answer HEAD with 200 and no body.",
)
def head(forge: Forge) -> tuple[Probe, ...]:
    """HEAD, unsigned and without a body."""
    probe = forge.forged("A14", body=b"", method="HEAD", content_type=None, notification="")
    return (probe,)


@_accept(
    id="A15",
    title="The same delivery twice",
    severity=Severity.MEDIUM,
    why="Intercom sends again what was not answered in time; ids tell a repetition.",
    consequence="A repeated delivery makes an error, and Intercom counts errors.",
    fix="Answer 200 to an id that was seen before, and do nothing else.",
)
def twice(forge: Forge) -> tuple[Probe, ...]:
    """One genuine delivery, sent twice."""
    return (forge.genuine("A15", times=2),)


def with_member(body: bytes, member: bytes) -> bytes:
    """The same JSON object with one more member, written as given."""
    return body[:-1] + b"," + member + b"}"


def padded(forge: Forge, name: str, size: int) -> bytes:
    """A delivery of about so many bytes."""
    body = forge.body(name)
    return with_member(body, b'"padding":"' + b"x" * (size - len(body)) + b'"')


GENUINE: Final = cases_of(globals())
