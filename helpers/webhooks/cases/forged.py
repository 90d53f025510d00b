"""R01 to R11: forged signatures, every one of which a receiver has to refuse."""

from __future__ import annotations

from functools import partial
from typing import Final

from helpers.core.model import Severity
from helpers.webhooks.cases.case import case, cases_of
from helpers.webhooks.forge import WRONG_KEY, Forge
from helpers.webhooks.probes import Probe
from helpers.webhooks.records import Expect

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


FORGED: Final = cases_of(globals())
