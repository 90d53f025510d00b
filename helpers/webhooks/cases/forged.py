"""R01 to R18: forged signatures, all of which a receiver must refuse."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Final

from helpers.core.click_paths import click_path
from helpers.core.model import Severity
from helpers.webhooks.cases.case import case, cases_of
from helpers.webhooks.records import Expect
from helpers.webhooks.request_builder import WRONG_KEY, ReceiverRequest, RequestBuilder

__all__ = ["ANYONE", "CWE347", "FALLBACK_KEYS", "FORGED"]

FALLBACK_KEYS: Final = (
    *("undefined", "null", "None", "nil", "false", "secret", "changeme", "test", "password"),
    *("default", "example", "development", "dev", "intercom", "123456", "supersecret"),
    *("my-secret", "mysecret", "webhook-secret", "client_secret", "your-client-secret"),
    *("your_client_secret", "CLIENT_SECRET", "INTERCOM_CLIENT_SECRET"),
)

ANYONE: Final = "Anyone who knows the URL can make the receiver act on invented deliveries."
_COMPARE: Final = (
    "Match the whole header against its one valid form, then compare with a constant-time "
    "function (hmac.compare_digest, crypto.timingSafeEqual, secure_compare)."
)
_PREFIXED: Final = frozenset({"webhook", "fin_agent"})
CWE347: Final = "https://cwe.mitre.org/data/definitions/347.html"
_refuse = partial(
    case, expect=Expect.REFUSE, consequence=ANYONE, fix=_COMPARE, references=(CWE347,)
)
_HMAC: Final = "Use an HMAC with the client secret as its key."
_FIXED: Final = "Fix the algorithm in code; the header must not choose it."
_refuse_key = partial(case, expect=Expect.REFUSE, consequence=ANYONE, references=(CWE347,))


@_refuse(
    id="R01",
    title="No signature",
    severity=Severity.CRITICAL,
    why="The check is missing, or runs only if the header is present.",
    fix="Refuse a request without exactly one signature header, with 401, before anything else.",
)
def no_signature(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A delivery without the signature header."""
    return (builder.forged("R01"),)


@_refuse(
    id="R02",
    title="An empty signature",
    severity=Severity.CRITICAL,
    why="An empty string is false in many languages, so the check is skipped.",
)
def empty_signature(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The signature header with nothing in it."""
    return (builder.forged("R02", builder.literal("")),)


@_refuse(
    id="R03",
    title="A prefix without a digest",
    severity=Severity.CRITICAL,
    why="A comparison over the length of the sent value compares nothing.",
    schemes=_PREFIXED,
)
def prefix_alone(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """`sha1=` (or the scheme's own prefix) alone."""
    return (builder.forged("R03", builder.literal(builder.scheme.prefix)),)


@_refuse(
    id="R04",
    title="Signed with a wrong secret",
    severity=Severity.CRITICAL,
    why="The signature is read, but not checked.",
)
def wrong_secret(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A well-formed signature made with another secret."""
    return (builder.forged("R04", builder.signature_with(builder.body("R04"), WRONG_KEY)),)


@_refuse(
    id="R05",
    title="A body that was changed",
    severity=Severity.CRITICAL,
    why="The HMAC covers only part of the body, or something else.",
    consequence="Anyone who has seen one delivery can change its content.",
    fix="Take the HMAC over all bytes of the body.",
    references=("https://cwe.mitre.org/data/definitions/345.html",),
)
def changed_body(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A genuine signature with one byte changed, one appended, and one cut off the body."""
    requests = []
    for name in ("changed", "appended", "cut"):
        body = builder.body(f"R05 {name}")
        first = next(iter(builder.document("R05"))).encode()
        other = {
            "changed": body.replace(first, first.swapcase(), 1),
            "appended": body + b" ",
            "cut": body[:-1],
        }[name]
        requests.append(builder.forged(f"R05 {name}", builder.signature(body), body=other))
    return tuple(requests)


@_refuse(
    id="R06",
    title="The signature of another delivery",
    severity=Severity.CRITICAL,
    why="A signature is taken as proof of the sender, not of the body.",
    consequence="Anyone who has seen one delivery can sign any other with it.",
    fix="Take the HMAC over all bytes of the body.",
)
def another_signature(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """A body with the right signature of another genuine body."""
    return (builder.forged("R06", builder.signature(builder.body("A01"))),)


@_refuse(
    id="R07",
    title="A digest of zeros",
    severity=Severity.HIGH,
    why="A default value is used when the digest can't be computed.",
)
def zeros(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The prefix and a digest of nothing but zeros."""
    return (
        builder.forged("R07", builder.literal(builder.scheme.prefix + "0" * builder.scheme.digits)),
    )


@_refuse(
    id="R08",
    title="One digit wrong",
    severity=Severity.CRITICAL,
    why="Only part of the digest is compared.",
    consequence="A signature can be guessed digit by digit.",
)
def one_digit(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The right signature with its first, middle or last digit changed."""
    prefix, requests = builder.scheme.prefix, []
    half = builder.scheme.digits // 2
    for name, at in (("first", 0), ("middle", half), ("last", builder.scheme.digits - 1)):
        body = builder.body(f"R08 {name}")
        digest = builder.digest(body)
        other = "0" if digest[at] != "0" else "1"
        value = f"{prefix}{digest[:at]}{other}{digest[at + 1 :]}"
        shell = f"{prefix}${{sig:0:{at}}}{other}${{sig:{at + 1}}}"
        requests.append(
            builder.forged(f"R08 {name}", builder.derived_signature(body, value, shell))
        )
    return tuple(requests)


@_refuse(
    id="R09",
    title="A digest cut short",
    severity=Severity.CRITICAL,
    why="The comparison stops at the end of the shorter value.",
    consequence="A digest of one digit is guessed within sixteen tries.",
    references=("https://nvd.nist.gov/vuln/detail/CVE-2024-21491", CWE347),
)
def cut_short(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The first 1, 8, half, and all but one digit of the right digest."""
    prefix, requests = builder.scheme.prefix, []
    for length in (1, 8, builder.scheme.digits // 2, builder.scheme.digits - 1):
        body = builder.body(f"R09 {length}")
        value = prefix + builder.digest(body)[:length]
        signature = builder.derived_signature(body, value, f"{prefix}${{sig:0:{length}}}")
        requests.append(builder.forged(f"R09 {length}", signature))
    return tuple(requests)


@_refuse(
    id="R10",
    title="A digest with extra digits",
    severity=Severity.MEDIUM,
    why="The comparison covers only the length of the expected value.",
    consequence="This alone allows no forgery; the comparison does not cover the whole value.",
)
def longer(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The right signature followed by `00`."""
    return (_behind(builder, "R10", "00"),)


@_refuse(
    id="R11",
    title="A digest with trailing text",
    severity=Severity.LOW,
    why="Some hex decoders stop silently at the first invalid character.",
    consequence="This alone allows no forgery; the header is read leniently.",
)
def trailing_text(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The right signature followed by `zz`, `=x` or `;`."""
    tails = (("zz", "zz"), ("equals", "=x"), ("semicolon", ";"))
    return tuple(_behind(builder, f"R11 {name}", tail) for name, tail in tails)


def _behind(builder: RequestBuilder, name: str, tail: str) -> ReceiverRequest:
    body = builder.body(name)
    right = builder.signature(body)
    value = right.value.decode() + tail
    return builder.forged(name, builder.derived_signature(body, value, right.shell + tail))


@_refuse_key(
    id="R12",
    title="A hash without a key",
    severity=Severity.CRITICAL,
    why="A hash of the body is used in place of an HMAC.",
    fix=_HMAC,
)
def unkeyed(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The plain hash of the body as its digest."""
    body = builder.body("R12")
    digest = hashlib.new(builder.scheme.algorithm, body).hexdigest()
    return (builder.forged("R12", builder.literal(builder.scheme.prefix + digest)),)


@_refuse_key(
    id="R13",
    title="A hash of secret and body",
    severity=Severity.MEDIUM,
    why="Secret and body are joined and hashed, which is not an HMAC.",
    consequence="Anyone who has seen one signature can extend hashes of this kind.",
    fix=_HMAC,
)
def joined(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """The hash of secret and body joined, in both orders."""
    prefix, requests = builder.scheme.prefix, []
    for name, before in (("secret first", True), ("body first", False)):
        body = builder.body(f"R13 {name}")
        material = builder.key + body if before else body + builder.key
        value = prefix + hashlib.new(builder.scheme.algorithm, material).hexdigest()
        requests.append(builder.forged(f"R13 {name}", builder.derived_signature(body, value, "")))
    return tuple(requests)


@_refuse_key(
    id="R14",
    title="Signed with an empty secret",
    severity=Severity.CRITICAL,
    why="The secret is not configured, and the receiver starts anyway.",
    fix="Make the receiver refuse to start without a secret.",
)
def empty_secret(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """An HMAC with an empty key."""
    return (builder.forged("R14", builder.signature_with(builder.body("R14"), b"")),)


@_refuse_key(
    id="R15",
    title="Signed with a fallback secret",
    severity=Severity.CRITICAL,
    why="The code contains a default, or a missing secret became a string.",
    fix="Make the receiver refuse to start without a secret; remove every default.",
    references=("https://cwe.mitre.org/data/definitions/1392.html",),
)
def fallback_secret(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """HMACs with strings that a missing secret becomes, and with defaults of sample code."""
    return tuple(
        builder.forged(
            f"R15 {key}", builder.signature_with(builder.body(f"R15 {key}"), key.encode())
        )
        for key in FALLBACK_KEYS
    )


@_refuse_key(
    id="R16",
    title="Signed with the workspace id",
    severity=Severity.HIGH,
    why="The wrong variable was used: the workspace id is public.",
    fix=f"Take the client secret from {click_path('hub_app_basics')}.",
)
def public_key(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """An HMAC with the app id (workspace id) as the key."""
    return (
        builder.forged("R16", builder.signature_with(builder.body("R16"), builder.app_id.encode())),
    )


@_refuse_key(
    id="R17",
    title="The algorithm none",
    severity=Severity.CRITICAL,
    why="The header chooses the algorithm, and one of them is none.",
    fix=_FIXED,
)
def no_algorithm(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """`none`, `none=` and `none=` with the plain hash."""
    digest = hashlib.new(builder.scheme.algorithm, builder.body("R17 none with hash")).hexdigest()
    values = {"none": "none", "none empty": "none=", "none with hash": f"none={digest}"}
    return tuple(
        builder.forged(f"R17 {name}", builder.literal(value)) for name, value in values.items()
    )


@_refuse_key(
    id="R18",
    title="Another algorithm with the right secret",
    severity=Severity.MEDIUM,
    why="The header chooses the algorithm, down to the weakest available.",
    consequence="This alone allows no forgery; the sender chooses how strong the check is.",
    fix=_FIXED,
)
def other_algorithms(builder: RequestBuilder) -> tuple[ReceiverRequest, ...]:
    """`md5=`, `sha1=`, `sha256=` and `sha512=` (those not the scheme's own), right secret."""
    requests = []
    for algorithm in ("md5", "sha1", "sha256", "sha512"):
        if algorithm == builder.scheme.algorithm:
            continue
        body = builder.body(f"R18 {algorithm}")
        prefix = f"{algorithm}=" if builder.scheme.prefix else ""
        value = prefix + builder.digest(body, algorithm=algorithm)
        requests.append(
            builder.forged(f"R18 {algorithm}", builder.derived_signature(body, value, ""))
        )
    return tuple(requests)


FORGED: Final = cases_of(globals())
