"""Why a signature does not match, and what to do about it.

A cause is proven when undoing it makes the signature match. Anything else is reported as a hint.
A result never holds a secret or a valid signature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from helpers.core.redaction import sanitize
from helpers.webhooks.delivery import Delivery
from helpers.webhooks.signatures import SCHEMES, Scheme
from helpers.webhooks.variants import BODIES, KEYS, Accident, Variant, variants_of

__all__ = [
    "BODY",
    "CUT",
    "NOT_A_SIGNATURE",
    "NO_HMAC",
    "SEVERAL",
    "WRONG_SECRET",
    "Cause",
    "Claim",
    "Diagnosis",
    "diagnose",
    "read_claim",
]

_ALGORITHMS: Final = {16: "md5", 20: "sha1", 32: "sha256", 64: "sha512"}  # by bytes of a digest
_PREFIX: Final = re.compile(
    r"(?:hmac-)?(md5|sha-?1|sha-?256|sha-?512|v\d+)\s*[=:]\s*", re.IGNORECASE
)
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
BODY: Final[Mapping[Accident, tuple[str, str]]] = {
    Accident.RESERIALISED: (
        "The body was parsed and written again on its way",
        "Find what parses it (a proxy, a gateway's mapping, a body parser), and pass raw bytes on.",
    ),
    Accident.CHARSET: (
        "The body's characters were encoded anew",
        "Pass the body on as bytes; nothing may decode it before it is verified.",
    ),
    Accident.LINE_ENDS: (
        "White space of the body was changed",
        "Pass the body on as bytes; text mode and trimming change it.",
    ),
    Accident.PACKED: (
        "The body arrived in another wrapping than it was signed in",
        "Unwrap it first (gzip, base64 of a gateway's event, a form), and verify what is inside.",
    ),
    Accident.EMPTY: (
        "The signature is one of an empty body",
        "The sender signs before it has a body, or signs something that is none.",
    ),
}
_Match = tuple[str, Variant, Variant]  # the secret's name, what it was, what the body was
_PROXIES: Final = (
    "via",
    "forwarded",
    "x-forwarded-for",
    "cf-ray",
    "x-amzn-trace-id",
    "x-cloud-trace-context",
    "fly-request-id",
    "x-vercel-id",
    "ngrok-skip-browser-warning",
)


@dataclass(frozen=True)
class Claim:
    """A digest, the algorithm that makes one as long, and in words how it differs in writing."""

    digest: bytes = field(repr=False)
    algorithm: str
    oddity: str = ""


def read_claim(value: str, scheme: Scheme) -> Claim:
    """Take a value apart. The algorithm is empty where the length fits none."""
    text = value.strip(" \t\"'")
    prefix = _PREFIX.match(text)
    digits = text[prefix.end() :] if prefix else text
    digest = _digest(digits)
    algorithm = _ALGORITHMS.get(len(digest), "")
    return Claim(digest, algorithm, _oddity(value, text, digits, algorithm, scheme))


def _digest(digits: str) -> bytes:
    if _HEX.fullmatch(digits):
        return bytes.fromhex(digits[: len(digits) // 2 * 2])
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return b""


def _oddity(value: str, text: str, digits: str, algorithm: str, scheme: Scheme) -> str:
    if value != text:
        return "with quotes or spaces around it"
    if not _HEX.fullmatch(digits):
        return "as base64"
    if digits != digits.lower():
        return "in capitals"
    written = text[: len(text) - len(digits)]
    if algorithm == scheme.algorithm and written != scheme.prefix:
        return "without the prefix" if not written else f"with the prefix `{written}`"
    return ""


class Cause(StrEnum):
    """What is wrong with a delivery that does not verify."""

    NO_SIGNATURE = "no_signature"
    SEVERAL_SIGNATURES = "several_signatures"
    OTHER_SCHEME = "other_scheme"
    OTHER_ALGORITHM = "other_algorithm"
    WRITTEN_OTHERWISE = "written_otherwise"
    CUT_SHORT = "cut_short"
    NO_HMAC = "no_hmac"
    RESERIALISED = "reserialised"
    CHARSET = "charset"
    LINE_ENDS = "line_ends"
    PACKED = "packed"
    EMPTY = "empty"
    OTHER_SECRET = "other_secret"  # noqa: S105 (a name, not a password)
    SECRET_FORM = "secret_form"  # noqa: S105 (a name, not a password)
    PROXY = "proxy"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Diagnosis:
    """One cause, in words, and what to do. `proven` where the signature fits once it is undone."""

    cause: Cause
    say: str
    fix: str
    proven: bool = False


SEVERAL: Final = Diagnosis(
    Cause.SEVERAL_SIGNATURES,
    "It carries the signature header more than once.",
    "Find what adds one on the way; a verifier must not choose.",
)
CUT: Final = Diagnosis(
    Cause.CUT_SHORT,
    "The signature has a length that no hash has.",
    "Find what cuts the header; log its length at the proxy and here.",
)
NOT_A_SIGNATURE: Final = Diagnosis(
    Cause.WRITTEN_OTHERWISE,
    "The signature header holds no digest at all.",
    "Intercom sends none like it: mend the sender.",
)
NO_HMAC: Final = Diagnosis(
    Cause.NO_HMAC,
    "The digest is a plain hash of the body, no HMAC.",
    "Mend the sender: use an HMAC with the secret as its key.",
    proven=True,
)
WRONG_SECRET: Final = Diagnosis(
    Cause.UNKNOWN,
    "No accident that is known here makes the signature fit: most likely it was made with "
    "another secret, or the body was changed.",
    "Compare the client secret with Developer Hub > your app > Basic Information; then send a "
    "test request from there.",
)


def diagnose(
    delivery: Delivery, scheme: Scheme, secrets: Mapping[str, bytes]
) -> tuple[Diagnosis, ...]:
    """What is wrong with a delivery that was refused; nothing where nothing is.

    `secrets` are by name, the one that should fit first; the names are told, never the values.
    """
    values = delivery.values(scheme.header)
    if not values:
        return tuple(_unsigned(delivery, scheme, secrets))
    if len(values) > 1:
        return (SEVERAL,)
    claim = read_claim(values[0], scheme)
    if not claim.algorithm:
        return (CUT,) if claim.digest else (NOT_A_SIGNATURE,)
    found = _match(delivery, secrets, claim)
    if found is not None:
        return tuple(_proven(found, next(iter(secrets)), scheme, claim))
    if _is_plain_hash(delivery.body, secrets, claim):
        return (NO_HMAC,)
    return _unproven(delivery, claim)


def _unsigned(
    delivery: Delivery, scheme: Scheme, secrets: Mapping[str, bytes]
) -> Iterator[Diagnosis]:
    for other in SCHEMES.values():
        for value in delivery.values(other.header) if other is not scheme else ():
            claim = read_claim(value, other)
            fits = claim.algorithm == other.algorithm and bool(_match(delivery, secrets, claim))
            yield Diagnosis(
                Cause.OTHER_SCHEME,
                f"It carries {other.header}, the header of {other.title} requests"
                + (", and is rightly signed as one." if fits else "."),
                f"Verify this route by the {other.title} scheme (--scheme {other.name}).",
                proven=fits,
            )
            return
    through = _proxies(delivery)
    lost = f" It came through a proxy ({through}), which may have dropped it." if through else ""
    yield Diagnosis(
        Cause.NO_SIGNATURE,
        f"It carries no {scheme.header}: Intercom did not send it, or it got lost.{lost}",
        "Let the proxy pass every header on; refuse what comes without.",
    )


def _proven(found: _Match, first: str, scheme: Scheme, claim: Claim) -> Iterator[Diagnosis]:
    """Everything that had to be undone until the signature fitted."""
    name, key, body = found
    if body.accident is not Accident.NONE:
        say, fix = BODY[body.accident]
        yield Diagnosis(Cause(body.accident), f"{say}: {body.say}.", fix, proven=True)
    if name != first:
        yield Diagnosis(
            Cause.OTHER_SECRET,
            f"It is signed with the value of {name}, not with that of {first}.",
            f"Put the right secret into {first}, or verify with both during a rotation.",
            proven=True,
        )
    if key.accident is not Accident.NONE:
        yield Diagnosis(
            Cause.SECRET_FORM,
            f"It is signed with the value of {name} {key.say}.",
            "Take the secret as the Developer Hub shows it, with nothing around it.",
            proven=True,
        )
    if claim.algorithm != scheme.algorithm:
        yield Diagnosis(
            Cause.OTHER_ALGORITHM,
            f"It is signed with {claim.algorithm.upper()}; {scheme.title} requests are signed "
            f"with {scheme.algorithm.upper()}.",
            "Whoever sends it is not Intercom, or means another scheme: mend the sender.",
            proven=True,
        )
    if claim.oddity:
        yield Diagnosis(
            Cause.WRITTEN_OTHERWISE,
            f"The signature is right, but written {claim.oddity}.",
            f"Intercom sends `{scheme.prefix}` and lower-case hex: mend the sender, or what "
            "rewrites headers on the way.",
            proven=True,
        )


def _match(delivery: Delivery, secrets: Mapping[str, bytes], claim: Claim) -> _Match | None:
    """The secret, its variant and the body's that the signature fits: the fewest accidents."""
    keys = [
        (name, variant, key)
        for name, secret in secrets.items()
        for variant, key in variants_of(secret, KEYS)
        if key
    ]
    bodies = list(variants_of(delivery.body, BODIES))
    pairs = ((key, body) for key in keys for body in bodies)
    for (name, key_variant, key), (body_variant, body) in sorted(pairs, key=_accidents):
        digest = hmac.digest(key, body, claim.algorithm)
        if hmac.compare_digest(digest, claim.digest):
            return name, key_variant, body_variant
    return None


def _accidents(pair: tuple[tuple[str, Variant, bytes], tuple[Variant, bytes]]) -> int:
    (_, key, _), (body, _) = pair
    return (key.accident is not Accident.NONE) + (body.accident is not Accident.NONE)


def _is_plain_hash(body: bytes, secrets: Mapping[str, bytes], claim: Claim) -> bool:
    texts = [body]
    texts += [joined for key in secrets.values() for joined in (key + body, body + key)]
    return claim.digest in {hashlib.new(claim.algorithm, text).digest() for text in texts}


def _unproven(delivery: Delivery, claim: Claim) -> tuple[Diagnosis, ...]:
    through = _proxies(delivery)
    hints = []
    if through:
        hints.append(
            Diagnosis(
                Cause.PROXY,
                f"It came through a proxy ({through}), which may have changed the body.",
                "Send a test request past the proxy, and compare the bytes that arrive.",
            )
        )
    return (*_unexpected(delivery, claim), *hints, WRONG_SECRET)


def _unexpected(delivery: Delivery, claim: Claim) -> Iterator[Diagnosis]:
    if not delivery.body:
        yield Diagnosis(
            Cause.EMPTY,
            "The body is empty, and its signature is not that of an empty body.",
            "Something on the way reads the body: a middleware, or a redirect.",
        )
    elif claim.oddity:
        yield Diagnosis(
            Cause.WRITTEN_OTHERWISE, f"The signature is written {claim.oddity}.", "Mend the sender."
        )


def _proxies(delivery: Delivery) -> str:
    return ", ".join(name for name in _PROXIES if delivery.values(name))


def diagnosis_lines(found: Sequence[Diagnosis]) -> Iterator[str]:
    """Why it was refused, and what to do: proofs first."""
    for each in sorted(found, key=lambda diagnosis: not diagnosis.proven):
        yield f"    {'Why' if each.proven else 'Perhaps'}: {sanitize(each.say)}"
        yield f"    Fix: {each.fix}"
