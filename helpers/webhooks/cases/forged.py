"""R01 to R18: forged signatures, every one of which a receiver has to refuse."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.cases.case import case, cases_of
from helpers.webhooks.records import Expect
from helpers.webhooks.request_builder import WRONG_KEY, Forge, Probe

__all__ = ["ANYONE", "CWE347", "FORGED"]

ANYONE: Final = "Anyone who knows the URL can make the receiver act on invented deliveries."
_COMPARE: Final = (
    "Match the header whole against the one form it has, then compare with a constant-time "
    "function (hmac.compare_digest, crypto.timingSafeEqual, secure_compare)."
)
_PREFIXED: Final = frozenset({"webhook", "fin_agent"})
CWE347: Final = "https://cwe.mitre.org/data/definitions/347.html"
_refuse = partial(
    case, expect=Expect.REFUSE, consequence=ANYONE, fix=_COMPARE, references=(CWE347,)
)
_HMAC: Final = "Use an HMAC with the client secret as its key."
_FIXED: Final = "Let the code fix the algorithm; the header has no say in it."
_refuse_key = partial(case, expect=Expect.REFUSE, consequence=ANYONE, references=(CWE347,))


@_refuse(
    id="R01",
    title="No signature",
    severity=Severity.CRITICAL,
    why="The check is missing, or runs only where the header is there.",
    fix="Refuse a request without exactly one signature header, with 401, before anything else.",
)
def no_signature(forge: Forge) -> tuple[Probe, ...]:
    """A delivery without the signature header."""
    return (forge.forged("R01"),)


@_refuse(
    id="R02",
    title="An empty signature",
    severity=Severity.CRITICAL,
    why="An empty text is false in many languages, and the check is skipped.",
)
def empty_signature(forge: Forge) -> tuple[Probe, ...]:
    """The signature header with nothing in it."""
    return (forge.forged("R02", forge.literal("")),)


@_refuse(
    id="R03",
    title="A prefix without a digest",
    severity=Severity.CRITICAL,
    why="A comparison as long as what was sent compares nothing at all.",
    schemes=_PREFIXED,
)
def prefix_alone(forge: Forge) -> tuple[Probe, ...]:
    """`sha1=` (or the scheme's own prefix) alone."""
    return (forge.forged("R03", forge.literal(forge.scheme.prefix)),)


@_refuse(
    id="R04",
    title="Signed with a wrong secret",
    severity=Severity.CRITICAL,
    why="The signature is looked at, but not checked.",
)
def wrong_secret(forge: Forge) -> tuple[Probe, ...]:
    """A well-formed signature made with another secret."""
    return (forge.forged("R04", forge.keyed(forge.body("R04"), WRONG_KEY)),)


@_refuse(
    id="R05",
    title="A body that was changed",
    severity=Severity.CRITICAL,
    why="The HMAC covers a part of the body, or something else.",
    consequence="Whoever has seen one delivery can change what it says.",
    fix="Take the HMAC over all bytes of the body.",
    references=("https://cwe.mitre.org/data/definitions/345.html",),
)
def changed_body(forge: Forge) -> tuple[Probe, ...]:
    """A genuine signature with one byte changed, one appended, and one cut off the body."""
    probes = []
    for name in ("changed", "appended", "cut"):
        body = forge.body(f"R05 {name}")
        first = next(iter(forge.document("R05"))).encode()
        other = {
            "changed": body.replace(first, first.swapcase(), 1),
            "appended": body + b" ",
            "cut": body[:-1],
        }[name]
        probes.append(forge.forged(f"R05 {name}", forge.right(body), body=other))
    return tuple(probes)


@_refuse(
    id="R06",
    title="The signature of another delivery",
    severity=Severity.CRITICAL,
    why="A signature is taken as a token of the sender, not as one of the body.",
    consequence="Whoever has seen one delivery can sign any other with it.",
    fix="Take the HMAC over all bytes of the body.",
)
def another_signature(forge: Forge) -> tuple[Probe, ...]:
    """A body with the right signature of another genuine body."""
    return (forge.forged("R06", forge.right(forge.body("A01"))),)


@_refuse(
    id="R07",
    title="A digest of zeros",
    severity=Severity.HIGH,
    why="A default value stands where the digest could not be computed.",
)
def zeros(forge: Forge) -> tuple[Probe, ...]:
    """The prefix and a digest of nothing but zeros."""
    return (forge.forged("R07", forge.literal(forge.scheme.prefix + "0" * forge.scheme.digits)),)


@_refuse(
    id="R08",
    title="One digit wrong",
    severity=Severity.CRITICAL,
    why="Only a part of the digest is compared.",
    consequence="A signature can be guessed digit by digit.",
)
def one_digit(forge: Forge) -> tuple[Probe, ...]:
    """The right signature with its first, middle or last digit changed."""
    prefix, probes = forge.scheme.prefix, []
    half = forge.scheme.digits // 2
    for name, at in (("first", 0), ("middle", half), ("last", forge.scheme.digits - 1)):
        body = forge.body(f"R08 {name}")
        digest = forge.digest(body)
        other = "0" if digest[at] != "0" else "1"
        value = f"{prefix}{digest[:at]}{other}{digest[at + 1 :]}"
        shell = f"{prefix}${{sig:0:{at}}}{other}${{sig:{at + 1}}}"
        probes.append(forge.forged(f"R08 {name}", forge.bent(body, value, shell)))
    return tuple(probes)


@_refuse(
    id="R09",
    title="A digest cut short",
    severity=Severity.CRITICAL,
    why="The comparison stops where the shorter of the two ends.",
    consequence="A digest of one digit is guessed within sixteen tries.",
    references=("https://nvd.nist.gov/vuln/detail/CVE-2024-21491", CWE347),
)
def cut_short(forge: Forge) -> tuple[Probe, ...]:
    """The first 1, 8, half, and all but one digit of the right digest."""
    prefix, probes = forge.scheme.prefix, []
    for length in (1, 8, forge.scheme.digits // 2, forge.scheme.digits - 1):
        body = forge.body(f"R09 {length}")
        value = prefix + forge.digest(body)[:length]
        mark = forge.bent(body, value, f"{prefix}${{sig:0:{length}}}")
        probes.append(forge.forged(f"R09 {length}", mark))
    return tuple(probes)


@_refuse(
    id="R10",
    title="A digest with more behind it",
    severity=Severity.MEDIUM,
    why="The comparison looks only as far as the expected value goes.",
    consequence="No forgery follows by itself; the comparison is not of the whole value.",
)
def longer(forge: Forge) -> tuple[Probe, ...]:
    """The right signature followed by `00`."""
    return (_behind(forge, "R10", "00"),)


@_refuse(
    id="R11",
    title="A digest with text behind it",
    severity=Severity.LOW,
    why="Hex decoders stop at the first character that is none, and say nothing.",
    consequence="No forgery follows by itself; the header is read leniently.",
)
def trailing_text(forge: Forge) -> tuple[Probe, ...]:
    """The right signature followed by `zz`, `=x` or `;`."""
    tails = (("zz", "zz"), ("equals", "=x"), ("semicolon", ";"))
    return tuple(_behind(forge, f"R11 {name}", tail) for name, tail in tails)


def _behind(forge: Forge, name: str, tail: str) -> Probe:
    body = forge.body(name)
    right = forge.right(body)
    value = right.value.decode() + tail
    return forge.forged(name, forge.bent(body, value, right.shell + tail))


@_refuse_key(
    id="R12",
    title="A hash without a key",
    severity=Severity.CRITICAL,
    why="A hash of the body is taken where an HMAC is meant.",
    fix=_HMAC,
)
def unkeyed(forge: Forge) -> tuple[Probe, ...]:
    """The plain hash of the body as its digest."""
    body = forge.body("R12")
    digest = hashlib.new(forge.scheme.algorithm, body).hexdigest()
    return (forge.forged("R12", forge.literal(forge.scheme.prefix + digest)),)


@_refuse_key(
    id="R13",
    title="A hash of secret and body",
    severity=Severity.MEDIUM,
    why="Secret and body are joined and hashed, which is no HMAC.",
    consequence="Hash functions of this kind can be extended by who has seen one signature.",
    fix=_HMAC,
)
def joined(forge: Forge) -> tuple[Probe, ...]:
    """The hash of secret and body joined, in both orders."""
    prefix, probes = forge.scheme.prefix, []
    for name, before in (("secret first", True), ("body first", False)):
        body = forge.body(f"R13 {name}")
        material = forge.key + body if before else body + forge.key
        value = prefix + hashlib.new(forge.scheme.algorithm, material).hexdigest()
        probes.append(forge.forged(f"R13 {name}", forge.bent(body, value, "")))
    return tuple(probes)


@_refuse_key(
    id="R14",
    title="Signed with an empty secret",
    severity=Severity.CRITICAL,
    why="The secret is not configured, and the receiver starts all the same.",
    fix="Let the receiver refuse to start without a secret.",
)
def empty_secret(forge: Forge) -> tuple[Probe, ...]:
    """An HMAC with an empty key."""
    return (forge.forged("R14", forge.keyed(forge.body("R14"), b"")),)


@_refuse_key(
    id="R15",
    title="Signed with a fallback secret",
    severity=Severity.CRITICAL,
    why="A default stands in the code, or the absence of a secret turned into text.",
    fix="Let the receiver refuse to start without a secret; take every default out.",
    references=("https://cwe.mitre.org/data/definitions/1392.html",),
)
def fallback_secret(forge: Forge) -> tuple[Probe, ...]:
    """HMACs with `undefined`, `null`, `None`, `secret` and `changeme` as the key."""
    keys = ("undefined", "null", "None", "secret", "changeme")
    return tuple(
        forge.forged(f"R15 {key}", forge.keyed(forge.body(f"R15 {key}"), key.encode()))
        for key in keys
    )


@_refuse_key(
    id="R16",
    title="Signed with the workspace id",
    severity=Severity.HIGH,
    why="The wrong variable was taken: the workspace id is public.",
    fix="Take the client secret from Developer Hub > Basic Information.",
)
def public_key(forge: Forge) -> tuple[Probe, ...]:
    """An HMAC with the app id (workspace id) as the key."""
    return (forge.forged("R16", forge.keyed(forge.body("R16"), forge.app_id.encode())),)


@_refuse_key(
    id="R17",
    title="The algorithm none",
    severity=Severity.CRITICAL,
    why="The header chooses the algorithm, and one of them is none.",
    fix=_FIXED,
)
def no_algorithm(forge: Forge) -> tuple[Probe, ...]:
    """`none`, `none=` and `none=` with the plain hash."""
    digest = hashlib.new(forge.scheme.algorithm, forge.body("R17 none with hash")).hexdigest()
    values = {"none": "none", "none empty": "none=", "none with hash": f"none={digest}"}
    return tuple(
        forge.forged(f"R17 {name}", forge.literal(value)) for name, value in values.items()
    )


@_refuse_key(
    id="R18",
    title="Another algorithm with the right secret",
    severity=Severity.MEDIUM,
    why="The header chooses the algorithm, down to the weakest on offer.",
    consequence="No forgery follows by itself; the sender chooses how strong the check is.",
    fix=_FIXED,
)
def other_algorithms(forge: Forge) -> tuple[Probe, ...]:
    """`md5=`, `sha1=`, `sha256=` and `sha512=` (those not the scheme's own), right secret."""
    probes = []
    for algorithm in ("md5", "sha1", "sha256", "sha512"):
        if algorithm == forge.scheme.algorithm:
            continue
        body = forge.body(f"R18 {algorithm}")
        prefix = f"{algorithm}=" if forge.scheme.prefix else ""
        value = prefix + forge.digest(body, algorithm=algorithm)
        probes.append(forge.forged(f"R18 {algorithm}", forge.bent(body, value, "")))
    return tuple(probes)


FORGED: Final = cases_of(globals())
