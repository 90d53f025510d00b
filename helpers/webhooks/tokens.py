"""Mint and verify the tokens that identify a user to the Messenger. Copy this file.

    tokens = MessengerTokens(messenger_api_secret)
    token = tokens.mint("customer-7", {"email": "zoe@example.com"})
    verdict = tokens.verify(token)
    if not verdict:
        return 401, verdict.reason

joserfc does the cryptography. This file decides what joserfc leaves open:

- the algorithm is HS256, whatever a token's header says;
- a duplicate claim is refused, since two parsers could read two different users;
- `user_id` is a non-empty string: to some code 7 and "7" would be two users;
- nothing that a caller sends raises; the verdict carries a reason.

Sources: Intercom's help, "Authenticating users in the Messenger with JSON Web Tokens"; RFC 7515,
7518 and 7519. Intercom documents no `iss`, `aud` or leeway: the claims are not checked, and
the leeway is zero unless given.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from joserfc.errors import JoseError
    from joserfc.jwk import OctKey

__all__ = ["LIFETIME", "MessengerTokens", "TokenReason", "TokenVerdict"]

ALGORITHM: Final = "HS256"
LIFETIME: Final = 7_200  # seconds; short, so that a stolen token soon expires
_SHORTEST: Final = 32  # bytes of a key: RFC 7518, section 3.2: as many as the hash
_LONGEST: Final = 8_192  # bytes of a token; most servers limit headers to this


class TokenReason(StrEnum):
    """Why a token was accepted or refused. Safe to log and to answer with."""

    GENUINE = "genuine"
    MALFORMED = "malformed"
    ALGORITHM = "other_algorithm"
    MISMATCH = "mismatch"
    DUPLICATE_CLAIM = "duplicate_claim"
    NO_USER_ID = "no_user_id"
    USER_ID_IS_NO_TEXT = "user_id_is_no_text"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    BAD_TIME = "bad_time"


_REASONS: Final = {  # of joserfc's errors
    "unsupported_algorithm": TokenReason.ALGORITHM,
    "bad_signature": TokenReason.MISMATCH,
    "expired_token": TokenReason.EXPIRED,
}


@dataclass(frozen=True)
class TokenVerdict:
    """True where the token is genuine. `secret` says which of the secrets matched, from 0.

    `claims` are empty otherwise. A token without `exp` is genuine and never expires: `expires`
    is None then, which is worth reporting to whoever mints it.
    """

    reason: TokenReason
    secret: int | None = None
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return self.reason is TokenReason.GENUINE

    @property
    def user_id(self) -> str:
        """Whose token it is; empty if it is not genuine."""
        return str(self.claims.get("user_id", ""))

    @property
    def expires(self) -> float | None:
        """When the token expires, in Unix seconds."""
        return self.claims.get("exp")


class _DuplicateClaimError(ValueError):
    pass


class _StrictDecoder(json.JSONDecoder):
    """Reads JSON without duplicate names and without NaN or infinite numbers."""

    def __init__(self) -> None:
        super().__init__(object_pairs_hook=_unique, parse_constant=_no_number)


class MessengerTokens:
    """Mints with the first of these secrets, and verifies with any: several during a rotation.

    `leeway` is how many seconds the clocks of two machines may differ. Raises ValueError for a
    secret that is too short for HS256.
    """

    def __init__(self, *secrets: str | bytes, leeway: int = 0) -> None:
        self._secrets = tuple(_key(secret) for secret in secrets)
        if not self._secrets:
            raise ValueError("Tokens need a secret.")
        self.leeway = leeway

    def mint(
        self,
        user_id: str,
        attributes: Mapping[str, Any] = MappingProxyType({}),
        *,
        lifetime: int = LIFETIME,
        now: float | None = None,
    ) -> str:
        """A token for one user, valid for `lifetime` seconds, with attributes such as `email`.

        Raises ValueError for an empty `user_id` and for attributes that JSON can't represent.
        """
        from joserfc import jwt

        if not user_id:
            raise ValueError("A token needs a user: user_id is empty.")
        started = time.time() if now is None else now
        claims = {**attributes, "user_id": user_id, "exp": int(started) + lifetime}
        json.dumps(claims, allow_nan=False)
        return jwt.encode({"alg": ALGORITHM}, claims, self._keys[0], algorithms=[ALGORITHM])

    def verify(self, token: str | bytes, *, now: float | None = None) -> TokenVerdict:
        """Verify a token at `now` (Unix seconds; default: the current time)."""
        moment = time.time() if now is None else now
        verdict = TokenVerdict(TokenReason.MALFORMED)
        for index, key in enumerate(self._keys):
            try:
                verdict = _judged(token, key, index, int(moment), self.leeway)
            except Exception:  # noqa: BLE001 (whatever a library raises on hostile bytes: refused)
                return TokenVerdict(TokenReason.MALFORMED)
            if verdict.reason is not TokenReason.MISMATCH:
                break
        return verdict

    @cached_property
    def _keys(self) -> tuple[OctKey, ...]:
        from joserfc.jwk import OctKey

        return tuple(OctKey.import_key(secret) for secret in self._secrets)


def _judged(token: str | bytes, key: OctKey, index: int, now: int, leeway: int) -> TokenVerdict:
    from joserfc import errors, jwt

    raw = token.encode() if isinstance(token, str) else token
    if not isinstance(raw, bytes) or len(raw) > _LONGEST:
        return TokenVerdict(TokenReason.MALFORMED)
    try:
        claims = jwt.decode(raw, key, algorithms=[ALGORITHM], decoder_cls=_StrictDecoder).claims
        jwt.JWTClaimsRegistry(now=now, leeway=leeway).validate(claims)
    except errors.JoseError as error:
        return TokenVerdict(_of_an_error(error))
    reason = _of_the_user(claims)
    if reason is not TokenReason.GENUINE:
        return TokenVerdict(reason)
    return TokenVerdict(reason, index, MappingProxyType(claims))


def _of_an_error(error: JoseError) -> TokenReason:
    if isinstance(error.__cause__, _DuplicateClaimError):
        return TokenReason.DUPLICATE_CLAIM
    if error.error == "invalid_claim":
        return _of_a_claim(error)
    return _REASONS.get(error.error, TokenReason.MALFORMED)


def _of_a_claim(error: JoseError) -> TokenReason:
    early = "not yet valid" in str(error) or "in the future" in str(error)
    return TokenReason.NOT_YET_VALID if early else TokenReason.BAD_TIME


def _of_the_user(claims: Mapping[str, Any]) -> TokenReason:
    user_id = claims.get("user_id")
    if user_id is None or user_id == "":
        return TokenReason.NO_USER_ID
    return TokenReason.GENUINE if isinstance(user_id, str) else TokenReason.USER_ID_IS_NO_TEXT


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    claims = dict(pairs)
    if len(claims) != len(pairs):
        raise _DuplicateClaimError
    return claims


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON.")


def _key(secret: str | bytes) -> bytes:
    key = secret.encode() if isinstance(secret, str) else bytes(secret)
    if len(key.strip()) < _SHORTEST:
        raise ValueError(
            f"A secret for {ALGORITHM} needs at least {_SHORTEST} bytes; this one is shorter."
        )
    return key
