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

from helpers.core.click_paths import click_path
from helpers.core.redaction import sanitize
from helpers.webhooks.delivery import ReceivedDelivery
from helpers.webhooks.signatures import SCHEMES, Scheme
from helpers.webhooks.variants import BODIES, KEYS, Alteration, Variant, variants_of

__all__ = [
    "BODY",
    "CUT",
    "NOT_A_SIGNATURE",
    "NO_HMAC",
    "SEVERAL",
    "WRONG_SECRET",
    "Diagnosis",
    "DiagnosisCause",
    "SignatureClaim",
    "diagnose",
    "read_claim",
]

_ALGORITHMS: Final = {16: "md5", 20: "sha1", 32: "sha256", 64: "sha512"}  # by bytes of a digest
_PREFIX: Final = re.compile(
    r"(?:hmac-)?(md5|sha-?1|sha-?256|sha-?512|v\d+)\s*[=:]\s*", re.IGNORECASE
)
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
BODY: Final[Mapping[Alteration, tuple[str, str]]] = {
    Alteration.RESERIALISED: (
        "The body was parsed and serialised again in transit",
        "Find what parses it (a proxy, a gateway mapping, a body parser); pass on raw bytes.",
    ),
    Alteration.CHARSET: (
        "The body was re-encoded in another charset",
        "Pass the body on as bytes; decode it only after it is verified.",
    ),
    Alteration.LINE_ENDS: (
        "White space in the body was changed",
        "Pass the body on as bytes; text mode and trimming change it.",
    ),
    Alteration.PACKED: (
        "The body arrived in a wrapper that was not signed",
        "Unwrap it first (gzip, a gateway event's base64, a form) and verify what is inside.",
    ),
    Alteration.EMPTY: (
        "The signature is that of an empty body",
        "The sender signs before it has a body, or signs something other than the body.",
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
class SignatureClaim:
    """A digest, the algorithm with that digest length, and how its notation differs, in words."""

    digest: bytes = field(repr=False)
    algorithm: str
    oddity: str = ""


def read_claim(value: str, scheme: Scheme) -> SignatureClaim:
    """Parse a header value. The algorithm is empty if no algorithm has that length."""
    text = value.strip(" \t\"'")
    prefix = _PREFIX.match(text)
    digits = text[prefix.end() :] if prefix else text
    digest = _digest(digits)
    algorithm = _ALGORITHMS.get(len(digest), "")
    return SignatureClaim(digest, algorithm, _oddity(value, text, digits, algorithm, scheme))


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


class DiagnosisCause(StrEnum):
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

    cause: DiagnosisCause
    message: str
    fix: str
    proven: bool = False


SEVERAL: Final = Diagnosis(
    DiagnosisCause.SEVERAL_SIGNATURES,
    "The request has more than one signature header.",
    "Find what adds a second one in transit; a verifier must not choose between them.",
)
CUT: Final = Diagnosis(
    DiagnosisCause.CUT_SHORT,
    "The length of the signature matches no hash.",
    "Find what truncates the header; log its length at the proxy and here.",
)
NOT_A_SIGNATURE: Final = Diagnosis(
    DiagnosisCause.WRITTEN_OTHERWISE,
    "The signature header contains no digest.",
    "Intercom sends nothing like this: fix the sender.",
)
NO_HMAC: Final = Diagnosis(
    DiagnosisCause.NO_HMAC,
    "The digest is a plain hash of the body, not an HMAC.",
    "Fix the sender: use an HMAC with the secret as its key.",
    proven=True,
)
WRONG_SECRET: Final = Diagnosis(
    DiagnosisCause.UNKNOWN,
    "No known alteration makes the signature match: most likely it was made with "
    "another secret, or the body was changed.",
    f"Compare the client secret with {click_path('hub_app_basics')}; then send a "
    "test request from there.",
)


def diagnose(
    delivery: ReceivedDelivery, scheme: Scheme, secrets: Mapping[str, bytes]
) -> tuple[Diagnosis, ...]:
    """What is wrong with a refused delivery; empty if nothing is.

    `secrets` are by name, the expected one first; names are reported, never values.
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
    delivery: ReceivedDelivery, scheme: Scheme, secrets: Mapping[str, bytes]
) -> Iterator[Diagnosis]:
    for other in SCHEMES.values():
        for value in delivery.values(other.header) if other is not scheme else ():
            claim = read_claim(value, other)
            fits = claim.algorithm == other.algorithm and bool(_match(delivery, secrets, claim))
            yield Diagnosis(
                DiagnosisCause.OTHER_SCHEME,
                f"It carries {other.header}, the header of {other.title} requests"
                + (", and its signature is valid for that scheme." if fits else "."),
                f"Verify this route with the {other.title} scheme (--scheme {other.name}).",
                proven=fits,
            )
            return
    through = _proxies(delivery)
    lost = f" It came through a proxy ({through}), which may have dropped it." if through else ""
    yield Diagnosis(
        DiagnosisCause.NO_SIGNATURE,
        f"It has no {scheme.header}: Intercom did not send it, or the header was lost.{lost}",
        "Configure the proxy to pass on every header; refuse requests without one.",
    )


def _proven(
    found: _Match, first: str, scheme: Scheme, claim: SignatureClaim
) -> Iterator[Diagnosis]:
    """Everything that had to be undone to make the signature match."""
    name, key, body = found
    if body.alteration is not Alteration.NONE:
        message, fix = BODY[body.alteration]
        yield Diagnosis(
            DiagnosisCause(body.alteration), f"{message}: {body.description}.", fix, proven=True
        )
    if name != first:
        yield Diagnosis(
            DiagnosisCause.OTHER_SECRET,
            f"It is signed with the value of {name}, not with that of {first}.",
            f"Set {first} to the right secret, or verify with both during a rotation.",
            proven=True,
        )
    if key.alteration is not Alteration.NONE:
        yield Diagnosis(
            DiagnosisCause.SECRET_FORM,
            f"It is signed with the value of {name} {key.description}.",
            "Use the secret exactly as the Developer Hub shows it, with nothing around it.",
            proven=True,
        )
    if claim.algorithm != scheme.algorithm:
        yield Diagnosis(
            DiagnosisCause.OTHER_ALGORITHM,
            f"It is signed with {claim.algorithm.upper()}; {scheme.title} requests are signed "
            f"with {scheme.algorithm.upper()}.",
            "The sender is not Intercom, or uses another scheme: fix the sender.",
            proven=True,
        )
    if claim.oddity:
        yield Diagnosis(
            DiagnosisCause.WRITTEN_OTHERWISE,
            f"The digest is right, but written {claim.oddity}.",
            f"Intercom sends `{scheme.prefix}` and lower-case hex: fix the sender, or whatever "
            "rewrites headers on the way.",
            proven=True,
        )


def _match(
    delivery: ReceivedDelivery, secrets: Mapping[str, bytes], claim: SignatureClaim
) -> _Match | None:
    """The secret and the variants that match the signature, with the fewest alterations."""
    keys = [
        (name, variant, key)
        for name, secret in secrets.items()
        for variant, key in variants_of(secret, KEYS)
        if key
    ]
    bodies = list(variants_of(delivery.body, BODIES))
    pairs = ((key, body) for key in keys for body in bodies)
    for (name, key_variant, key), (body_variant, body) in sorted(pairs, key=_alterations):
        digest = hmac.digest(key, body, claim.algorithm)
        if hmac.compare_digest(digest, claim.digest):
            return name, key_variant, body_variant
    return None


def _alterations(pair: tuple[tuple[str, Variant, bytes], tuple[Variant, bytes]]) -> int:
    (_, key, _), (body, _) = pair
    return (key.alteration is not Alteration.NONE) + (body.alteration is not Alteration.NONE)


def _is_plain_hash(body: bytes, secrets: Mapping[str, bytes], claim: SignatureClaim) -> bool:
    texts = [body]
    texts += [joined for key in secrets.values() for joined in (key + body, body + key)]
    return claim.digest in {hashlib.new(claim.algorithm, text).digest() for text in texts}


def _unproven(delivery: ReceivedDelivery, claim: SignatureClaim) -> tuple[Diagnosis, ...]:
    through = _proxies(delivery)
    hints = []
    if through:
        hints.append(
            Diagnosis(
                DiagnosisCause.PROXY,
                f"It came through a proxy ({through}), which may have changed the body.",
                "Send a test request that bypasses the proxy, and compare the bytes that arrive.",
            )
        )
    return (*_unexpected(delivery, claim), *hints, WRONG_SECRET)


def _unexpected(delivery: ReceivedDelivery, claim: SignatureClaim) -> Iterator[Diagnosis]:
    if not delivery.body:
        yield Diagnosis(
            DiagnosisCause.EMPTY,
            "The body is empty, and its signature is not that of an empty body.",
            "Something in transit consumes the body: a middleware or a redirect.",
        )
    elif claim.oddity:
        yield Diagnosis(
            DiagnosisCause.WRITTEN_OTHERWISE,
            f"The signature is written {claim.oddity}.",
            "Fix the sender.",
        )


def _proxies(delivery: ReceivedDelivery) -> str:
    return ", ".join(name for name in _PROXIES if delivery.values(name))


def diagnosis_lines(found: Sequence[Diagnosis]) -> Iterator[str]:
    """Why it was refused and what to do, proven causes first."""
    for each in sorted(found, key=lambda diagnosis: not diagnosis.proven):
        yield f"    {'Why' if each.proven else 'Perhaps'}: {sanitize(each.message)}"
        yield f"    Fix: {each.fix}"
