"""Why a signature does not fit: pure, and never a guess where a proof can be had.

A cause is proven when undoing it makes the signature right. What can't be proven is told as what
it is: a hint. No secret and no right signature ever stands in an answer.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Final

from helpers.webhooks.causes import (
    BODY,
    CUT,
    NO_HMAC,
    NOT_A_SIGNATURE,
    SEVERAL,
    WRONG_SECRET,
    Cause,
    Diagnosis,
)
from helpers.webhooks.claims import Claim, read_claim
from helpers.webhooks.delivery import Delivery
from helpers.webhooks.signatures import SCHEMES, Scheme
from helpers.webhooks.variants import BODIES, KEYS, Accident, Variant, variants_of

__all__ = ["Cause", "Diagnosis", "diagnose"]

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
