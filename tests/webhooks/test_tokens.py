"""Messenger tokens: what is forged, stale or ambiguous is refused, and nothing raises."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.webhooks.tokens import LIFETIME, MessengerTokens, TokenReason

SECRET = secrets.token_hex(20)
NOW = 1_772_438_400
TOKENS = MessengerTokens(SECRET)
CLAIMS = {"user_id": "customer-7", "exp": NOW + 60}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(payload: bytes, header: Mapping[str, Any], key: str = SECRET, by: str = "sha256") -> str:
    """By hand, so that what the library would not write can be written."""
    text = f"{encoded(json.dumps(header).encode())}.{encoded(payload)}"
    return f"{text}.{encoded(hmac.digest(key.encode(), text.encode(), by))}"


def token(header: Mapping[str, Any] | None = None, key: str = SECRET, **claims: Any) -> str:
    return signed(json.dumps(claims or CLAIMS).encode(), {"alg": "HS256", **(header or {})}, key)


def reason(text: str | bytes) -> TokenReason:
    return TOKENS.verify(text, now=NOW).reason


@given(
    st.text(min_size=1, alphabet=st.characters(codec="utf-8")),
    st.dictionaries(
        st.text(alphabet="abcdef", min_size=1), st.text(alphabet=st.characters(codec="utf-8"))
    ),
)
def test_what_is_minted_is_genuine_and_says_whose_it_is(user_id: str, attributes: dict[str, str]):
    verdict = TOKENS.verify(TOKENS.mint(user_id, attributes, now=NOW), now=NOW)
    assert (verdict.user_id, verdict.expires) == (user_id, NOW + LIFETIME)
    assert attributes.items() <= verdict.claims.items()


@given(st.data())
def test_every_change_of_one_byte_is_refused(data: st.DataObject):
    genuine = TOKENS.mint("customer-7", now=NOW).encode()
    at = data.draw(st.integers(0, len(genuine) - 1))
    by = data.draw(st.integers(1, 255))
    changed = genuine[:at] + bytes([genuine[at] ^ by]) + genuine[at + 1 :]
    assert not TOKENS.verify(changed, now=NOW)


@given(st.text() | st.binary())
def test_no_text_makes_it_raise(text: str | bytes):
    assert not TOKENS.verify(text, now=NOW)


@pytest.mark.parametrize("value", [None, 7, 10**12, [], {}, True])
def test_a_value_of_another_kind_out_of_a_parsed_request_is_refused(value: Any):
    assert TOKENS.verify(value, now=NOW).reason is TokenReason.MALFORMED


@given(st.binary(max_size=80) | JSON.map(lambda value: json.dumps(value).encode()), JSON)
def test_no_header_and_no_signed_payload_make_it_raise(payload: bytes, header: Any):
    text = f"{encoded(json.dumps(header).encode())}.{encoded(payload)}"
    TOKENS.verify(f"{text}.{encoded(b'x' * 32)}", now=NOW)
    TOKENS.verify(signed(payload, {"alg": "HS256"}), now=NOW)


@given(JSON)
def test_no_signed_claim_makes_it_raise(value: Any):
    for name in ("user_id", "exp", "nbf", "iat", "aud", "iss"):
        TOKENS.verify(token(**{**CLAIMS, name: value}), now=NOW)


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", "HS512", "RS256", None, []])
def test_the_token_does_not_choose_the_algorithm(name: object):
    payload = json.dumps(CLAIMS).encode()
    assert not TOKENS.verify(signed(payload, {"alg": name}), now=NOW)
    unsigned = f"{encoded(json.dumps({'alg': name}).encode())}.{encoded(payload)}."
    assert not TOKENS.verify(unsigned, now=NOW)


def test_the_right_secret_with_a_stronger_hash_is_refused_too():
    text = signed(json.dumps(CLAIMS).encode(), {"alg": "HS512"}, by="sha512")
    assert reason(text) is TokenReason.ALGORITHM


def test_a_key_that_the_token_brings_along_is_not_used():
    other = secrets.token_hex(20)
    jwk = {"kty": "oct", "k": encoded(other.encode())}
    assert reason(token({"jwk": jwk}, key=other)) is TokenReason.MISMATCH


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        (CLAIMS, TokenReason.GENUINE),
        ({"user_id": "7", "exp": NOW}, TokenReason.EXPIRED),
        ({"user_id": "7", "exp": NOW - 1}, TokenReason.EXPIRED),
        ({"user_id": "7", "exp": str(NOW + 60)}, TokenReason.BAD_TIME),
        ({"user_id": "7", "exp": True}, TokenReason.BAD_TIME),
        ({"user_id": "7", "exp": None}, TokenReason.BAD_TIME),
        ({"user_id": "7", "nbf": NOW + 60}, TokenReason.NOT_YET_VALID),
        ({"user_id": "7", "iat": NOW + 60}, TokenReason.NOT_YET_VALID),
        ({"exp": NOW + 60}, TokenReason.NO_USER_ID),
        ({"user_id": "", "exp": NOW + 60}, TokenReason.NO_USER_ID),
        ({"user_id": None, "exp": NOW + 60}, TokenReason.NO_USER_ID),
        ({"email": "zoe@example.com"}, TokenReason.NO_USER_ID),
        ({"user_id": 7, "exp": NOW + 60}, TokenReason.USER_ID_IS_NO_TEXT),
        ({"user_id": ["7"], "exp": NOW + 60}, TokenReason.USER_ID_IS_NO_TEXT),
    ],
)
def test_claims_are_judged_one_by_one(claims: dict[str, Any], expected: TokenReason):
    assert reason(token(**claims)) is expected


def test_a_token_without_an_end_is_genuine_and_says_so():
    verdict = TOKENS.verify(token(user_id="7"), now=NOW)
    assert verdict
    assert verdict.expires is None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_an_end_that_is_no_number_is_refused(number: str):
    payload = f'{{"user_id":"7","exp":{number}}}'.encode()
    assert not TOKENS.verify(signed(payload, {"alg": "HS256"}), now=NOW)


@pytest.mark.parametrize(
    "payload",
    [b'{"user_id":"7","user_id":"8"}', b'{"user_id":"7","user":{"a":1,"a":2}}'],
)
def test_a_claim_that_stands_twice_is_refused(payload: bytes):
    assert reason(signed(payload, {"alg": "HS256"})) is TokenReason.DUPLICATE_CLAIM


@pytest.mark.parametrize(
    "text",
    [
        token() + "=",
        token() + ".",
        " " + token(),
        token({"crit": ["b64"], "b64": False}),
        token({"crit": ["exp"]}),
        "..",
        "",
        "é.é.é",
        token(user_id="7", note="x" * 9_000),
        signed(b"[" * 5_000, {"alg": "HS256"}),
        signed(b"[]", {"alg": "HS256"}),
    ],
    ids=lambda text: "",  # two processes collect the same names, whatever the secret
)
def test_what_is_no_plain_token_is_refused(text: str):
    assert not TOKENS.verify(text, now=NOW)


def test_leeway_is_given_or_there_is_none():
    late = token(user_id="7", exp=NOW - 5)
    assert not TOKENS.verify(late, now=NOW)
    assert MessengerTokens(SECRET, leeway=10).verify(late, now=NOW)


def test_during_a_rotation_the_verdict_says_which_secret_matched():
    new = MessengerTokens(secrets.token_hex(20), SECRET)
    assert new.verify(token(), now=NOW).secret == 1
    assert new.verify(new.mint("7", now=NOW), now=NOW).secret == 0
    assert new.verify(token(key=secrets.token_hex(20)), now=NOW).reason is TokenReason.MISMATCH


@pytest.mark.parametrize("short", ["", "x" * 31, hashlib.sha1(b"x").digest()])
def test_a_secret_too_short_for_the_algorithm_is_refused_at_once(short: str | bytes):
    with pytest.raises(ValueError, match="shorter"):
        MessengerTokens(short)


def test_the_refusals_give_nothing_away():
    verdict = TOKENS.verify(token(key=secrets.token_hex(20), user_id="customer-7"), now=NOW)
    assert not verdict.claims
    assert not verdict.user_id
    assert SECRET not in repr(TOKENS) + repr(verdict)


def test_what_can_not_be_a_token_is_not_minted():
    with pytest.raises(ValueError, match="user_id"):
        TOKENS.mint("")
    with pytest.raises(ValueError, match="JSON"):
        TOKENS.mint("7", {"score": float("nan")})
    with pytest.raises(ValueError, match="secret"):
        MessengerTokens()
