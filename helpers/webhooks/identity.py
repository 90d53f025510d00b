"""Why a Messenger token or a `user_hash` is refused: pure, and proven where possible.

A remark says what is wrong and what to do. It never contains a secret or a valid value.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from helpers.core.click_paths import click_path
from helpers.webhooks.signatures import user_hash, verify_user_hash
from helpers.webhooks.tokens import LIFETIME, MessengerTokens, TokenReason

__all__ = ["Remark", "explain_token", "explain_user_hash"]

_LONG: Final = 24 * 3_600  # seconds; a token with a longer lifetime is worth stealing


@dataclass(frozen=True)
class Remark:
    """One finding about a value. `refused` means that it is the reason for the refusal."""

    message: str
    fix: str = ""
    refused: bool = True


def explain_token(token: str, secrets: Mapping[str, bytes], now: float) -> Iterator[Remark]:
    """Explain a token; the first secret is the expected one. `now` is in Unix seconds."""
    first = next(iter(secrets))
    verdict = MessengerTokens(secrets[first]).verify(token, now=now)
    if not verdict:
        yield _signed_with_another(token, secrets, now) or Remark(*_WORDS[verdict.reason])
        return
    yield Remark(f"It is genuine, signed with {first}.", refused=False)
    if verdict.expires is None:
        yield Remark(
            "It never expires: anyone who copies it is this user for good.",
            f"Mint it with `exp`, {LIFETIME // 3_600} hours from now.",
            refused=False,
        )
    elif verdict.expires - now > _LONG:
        yield Remark(
            f"It is valid for another {(verdict.expires - now) / 3_600:.0f} hours.",
            "Give it the lifetime of a session and no more.",
            refused=False,
        )


def explain_user_hash(
    claimed: str, secrets: Mapping[str, bytes], *, user_id: str = "", email: str = ""
) -> Iterator[Remark]:
    """Explain a `user_hash` that is sent with this `user_id` and e-mail address."""
    first = next(iter(secrets))
    if verify_user_hash(claimed, [secrets[first]], user_id=user_id, email=email):
        over = "user_id" if user_id else "e-mail address"
        yield Remark(f"It is genuine: the {over} under {first}.", refused=False)
        return
    found = _known_mistake(claimed.strip(), secrets, user_id, email)
    yield found or Remark(
        "It matches neither the user_id nor the e-mail address with any secret known here.",
        "It must be the hex HMAC-SHA256 of exactly the user_id that the Messenger is given.",
    )


def _signed_with_another(token: str, secrets: Mapping[str, bytes], now: float) -> Remark | None:
    first, *others = secrets
    for name in others:
        if len(secrets[name].strip()) < _SHORTEST:
            continue
        if MessengerTokens(secrets[name]).verify(token, now=now).reason not in _UNSIGNED:
            return Remark(
                f"It is signed with the value of {name}, not with that of {first}.",
                f"Mint it with the Messenger API secret: {click_path('messenger_security')}.",
            )
    return None


def _known_mistake(
    claimed: str, secrets: Mapping[str, bytes], user_id: str, email: str
) -> Remark | None:
    first = next(iter(secrets))
    subjects = {"user_id": user_id, "e-mail address": email}
    for name, secret in secrets.items():
        for what, subject in subjects.items():
            if not subject or not _same(claimed.lower(), user_hash(secret, user_id=subject)):
                continue
            if name != first:
                return Remark(f"It was made with the value of {name}.", f"Make it with {first}.")
            if what != "user_id" and user_id:
                return Remark(
                    "It is the hash of the e-mail address, but a user_id is sent: Intercom uses "
                    "the user_id.",
                    "Hash the user_id, or send no user_id.",
                )
            return Remark("It is right, but in upper case.", "Write it in lower-case hex.")
    return None


def _same(claimed: str, right: str) -> bool:
    return hmac.compare_digest(claimed.encode("utf-8", "replace"), right.encode())


_UNSIGNED: Final = {TokenReason.MISMATCH, TokenReason.MALFORMED, TokenReason.ALGORITHM}
_SHORTEST: Final = 32  # bytes of a secret that a token can be signed with
_WORDS: Final[Mapping[TokenReason, tuple[str, str]]] = {
    TokenReason.MALFORMED: (
        "It is not a token: three base64url parts separated by dots, and nothing else.",
        "Use it exactly as the library returns it, without padding, quotes or line feeds.",
    ),
    TokenReason.ALGORITHM: (
        "Its header names an algorithm other than HS256.",
        "Mint it with HS256, the only one that the Messenger accepts.",
    ),
    TokenReason.MISMATCH: (
        "It was signed with another secret, or changed afterwards.",
        f"Mint it with the Messenger API secret: {click_path('messenger_security')}.",
    ),
    TokenReason.DUPLICATE_CLAIM: (
        "It contains a claim twice: two parsers can read two different users.",
        "Let a library write the claims.",
    ),
    TokenReason.NO_USER_ID: (
        "It names no user: `user_id` is missing or empty.",
        "Add `user_id`, even if you identify users by e-mail address.",
    ),
    TokenReason.USER_ID_IS_NO_TEXT: (
        'Its `user_id` is not a string: 7 and "7" can be two users.',
        "Write it as a string.",
    ),
    TokenReason.EXPIRED: ("It has expired.", "Mint one for each session, when the page is made."),
    TokenReason.NOT_YET_VALID: (
        "It is not valid yet: `nbf` or `iat` is in the future.",
        "Set the clock of the machine that mints it, or leave these claims out.",
    ),
    TokenReason.BAD_TIME: (
        "One of its times is not a number.",
        "Write `exp`, `nbf` and `iat` as seconds since 1970, without quotes.",
    ),
}
