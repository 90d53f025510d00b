"""The verifiers: nothing from outside raises, and every change is refused."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.webhooks.signatures import (
    SCHEMES,
    WEBHOOK,
    Reason,
    Scheme,
    Verifier,
    sign,
    user_hash,
    verify_user_hash,
)

SECRET = secrets.token_hex(20)
SCHEME = st.sampled_from(list(SCHEMES.values()))


@given(SCHEME, st.binary(max_size=300))
def test_what_is_signed_is_genuine(scheme: Scheme, body: bytes):
    assert Verifier(SECRET, scheme=scheme).verify(body, [sign(SECRET, body, scheme)])


@given(SCHEME, st.binary(min_size=1, max_size=200), st.data())
def test_every_change_of_one_byte_is_refused(scheme: Scheme, body: bytes, data: st.DataObject):
    at = data.draw(st.integers(0, len(body) - 1))
    by = data.draw(st.integers(1, 255))
    changed = body[:at] + bytes([body[at] ^ by]) + body[at + 1 :]
    assert not Verifier(SECRET, scheme=scheme).verify(changed, [sign(SECRET, body, scheme)])
    header = sign(SECRET, body, scheme).encode()
    at = data.draw(st.integers(0, len(header) - 1))
    bent = header[:at] + bytes([header[at] ^ by]) + header[at + 1 :]
    assert not Verifier(SECRET, scheme=scheme).verify(body, [bent])


@given(SCHEME, st.binary(), st.lists(st.one_of(st.binary(), st.text())))
def test_no_body_and_no_header_make_a_verifier_raise(
    scheme: Scheme, body: bytes, headers: list[str | bytes]
):
    assert not Verifier(SECRET, scheme=scheme).verify(body, headers)


def test_a_header_that_a_framework_gives_as_none_is_none():
    assert Verifier(SECRET).verify(b"{}", [None]).reason is Reason.NO_SIGNATURE
    assert Verifier(SECRET).verify(b"{}", [None, sign(SECRET, b"{}")])


@pytest.mark.parametrize("as_text", [str, str.encode])
def test_a_text_in_place_of_a_list_is_told_when_the_first_genuine_request_comes(as_text: Any):
    with pytest.raises(TypeError, match="list"):
        Verifier(SECRET).verify(b"{}", as_text(sign(SECRET, b"{}")))


def test_a_body_that_was_parsed_is_told():
    with pytest.raises(TypeError, match="raw bytes"):
        Verifier(SECRET).verify({}, [sign(SECRET, b"{}")])  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [None, 7, 10**12, [], {}, True])
def test_a_value_of_another_kind_out_of_a_parsed_request_is_refused(value: Any):
    right = user_hash(SECRET, user_id="7")
    assert not verify_user_hash(value, [SECRET], user_id="7")
    assert not verify_user_hash(right, [SECRET], user_id=value)
    assert verify_user_hash(right, [SECRET], user_id="7", email=value)
    assert value is None or not Verifier(SECRET).verify(b"{}", [value])


def test_the_signature_is_the_documented_one():
    body = b'{"topic":"ping"}'
    expected = "sha1=" + hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
    assert sign(SECRET, body) == expected


def test_during_a_rotation_the_verdict_says_which_secret_matched():
    body = b"{}"
    verdict = Verifier("the new one", SECRET).verify(body, [sign(SECRET, body, WEBHOOK)])
    assert (verdict.reason, verdict.secret) == (Reason.GENUINE, 1)


@pytest.mark.parametrize("empty", ["", b"", "  "])
def test_an_empty_secret_is_refused_at_once(empty: str | bytes):
    with pytest.raises(ValueError, match="empty"):
        Verifier(empty)


def test_two_equal_signatures_are_refused():
    right = sign(SECRET, b"{}")
    assert Verifier(SECRET).verify(b"{}", [right, right]).reason is Reason.SEVERAL_SIGNATURES


def test_with_a_user_id_the_hash_of_the_email_is_refused():
    of_email = user_hash(SECRET, email="zoe@example.com")
    assert verify_user_hash(of_email, [SECRET], email="zoe@example.com")
    assert not verify_user_hash(of_email, [SECRET], user_id="7", email="zoe@example.com")
