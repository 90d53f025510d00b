"""Why a Messenger token or a `user_hash` is refused: pure, and proven where it can be.

A remark is told in words, with what to do. No secret and no right value stands in it.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from helpers.webhooks.signatures import user_hash, verify_user_hash
from helpers.webhooks.tokens import LIFETIME, MessengerTokens, TokenReason

__all__ = ["Remark", "explain_token", "explain_user_hash"]

_LONG: Final = 24 * 3_600  # seconds; a token that lives longer is worth stealing


@dataclass(frozen=True)
class Remark:
    """One thing to say. `refused` where it is why the value is worth nothing."""

    say: str
    fix: str = ""
    refused: bool = True


def explain_token(token: str, secrets: Mapping[str, bytes], now: float) -> Iterator[Remark]:
    """What to say of a token; the first secret should fit. `now` is in Unix seconds."""
    first = next(iter(secrets))
    verdict = MessengerTokens(secrets[first]).verify(token, now=now)
    if not verdict:
        yield _named(token, secrets, now) or Remark(*_WORDS[verdict.reason])
        return
    yield Remark(f"It is genuine, signed with {first}.", refused=False)
    if verdict.expires is None:
        yield Remark(
            "It never ends: whoever copies it is this user for ever.",
            f"Mint it with `exp`, {LIFETIME // 3_600} hours from now.",
            refused=False,
        )
    elif verdict.expires - now > _LONG:
        yield Remark(
            f"It lives for another {(verdict.expires - now) / 3_600:.0f} hours.",
            "Let it live as long as a session does, and no longer.",
            refused=False,
        )


def explain_user_hash(
    claimed: str, secrets: Mapping[str, bytes], *, user_id: str = "", email: str = ""
) -> Iterator[Remark]:
    """What to say of a `user_hash` that is sent with this `user_id` and e-mail address."""
    first = next(iter(secrets))
    if verify_user_hash(claimed, [secrets[first]], user_id=user_id, email=email):
        over = "user_id" if user_id else "e-mail address"
        yield Remark(f"It is genuine: the {over} under {first}.", refused=False)
        return
    found = _accident(claimed.strip(), secrets, user_id, email)
    yield found or Remark(
        "It fits neither the user_id nor the e-mail address under any secret that is known here.",
        "It is the hex HMAC-SHA256 of exactly what the Messenger is given as user_id.",
    )


def _named(token: str, secrets: Mapping[str, bytes], now: float) -> Remark | None:
    first, *others = secrets
    for name in others:
        if len(secrets[name].strip()) < _SHORTEST:
            continue
        if MessengerTokens(secrets[name]).verify(token, now=now).reason not in _UNSIGNED:
            return Remark(
                f"It is signed with the value of {name}, not with that of {first}.",
                "Mint it with the Messenger API secret: Settings > Messenger > Security.",
            )
    return None


def _accident(
    claimed: str, secrets: Mapping[str, bytes], user_id: str, email: str
) -> Remark | None:
    first = next(iter(secrets))
    subjects = {"user_id": user_id, "e-mail address": email}
    for name, secret in secrets.items():
        for what, subject in subjects.items():
            if not subject or not _same(claimed.lower(), user_hash(secret, user_id=subject)):
                continue
            if name != first:
                return Remark(f"It is made with the value of {name}.", f"Make it with {first}.")
            if what != "user_id" and user_id:
                return Remark(
                    "It is the hash of the e-mail address, and a user_id is sent: Intercom takes "
                    "the user_id.",
                    "Hash the user_id, or send none.",
                )
            return Remark("It is right, but in capitals.", "Write it in lower-case hex.")
    return None


def _same(claimed: str, right: str) -> bool:
    return hmac.compare_digest(claimed.encode("utf-8", "replace"), right.encode())


_UNSIGNED: Final = {TokenReason.MISMATCH, TokenReason.MALFORMED, TokenReason.ALGORITHM}
_SHORTEST: Final = 32  # bytes of a secret that a token can be signed with
_WORDS: Final[Mapping[TokenReason, tuple[str, str]]] = {
    TokenReason.MALFORMED: (
        "It is no plain token: three parts of base64url with dots between, and nothing around.",
        "Take it as the library made it; let no padding, quotes or line feeds get in.",
    ),
    TokenReason.ALGORITHM: (
        "Its header names another algorithm than HS256.",
        "Mint it with HS256, the only one that the Messenger takes.",
    ),
    TokenReason.MISMATCH: (
        "It was signed with another secret, or changed afterwards.",
        "Mint it with the Messenger API secret: Settings > Messenger > Security.",
    ),
    TokenReason.DUPLICATE_CLAIM: (
        "A claim stands in it twice: two parsers can read two users from it.",
        "Let a library write the claims.",
    ),
    TokenReason.NO_USER_ID: (
        "It names no user: `user_id` is missing or empty.",
        "Put `user_id` into it, also where you know users by their e-mail address.",
    ),
    TokenReason.USER_ID_IS_NO_TEXT: (
        'Its `user_id` is no text: 7 and "7" can be two users.',
        "Write it as text.",
    ),
    TokenReason.EXPIRED: ("It has expired.", "Mint one for each session, when the page is made."),
    TokenReason.NOT_YET_VALID: (
        "It is not valid yet: `nbf` or `iat` lies ahead.",
        "Set the clock of the machine that mints it, or leave these claims out.",
    ),
    TokenReason.BAD_TIME: (
        "One of its times is no number.",
        "Write `exp`, `nbf` and `iat` as seconds since 1970, without quotes.",
    ),
}
