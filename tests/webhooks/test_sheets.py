"""Users of sheets: what was not sealed with the client secret does not open, and nothing raises."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from helpers.webhooks.sheets import SheetReason, SheetUsers

SECRET = secrets.token_hex(20)
USERS = SheetUsers(SECRET)
TEXT = st.text(alphabet=st.characters(codec="utf-8"))


def sealed(text: bytes, secret: str = SECRET) -> str:
    """By the documented rule, written a second time."""
    nonce = secrets.token_bytes(12)
    key = hashlib.sha256(secret.encode()).digest()
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, text, None)).decode()


@given(st.dictionaries(TEXT, TEXT | st.integers() | st.none()))
def test_what_is_sealed_opens(user: dict[str, Any]):
    opened = USERS.open(USERS.seal(user))
    assert opened
    assert opened.user == user


def test_the_form_is_the_documented_one():
    assert USERS.open(sealed(b'{"id":"7"}')).user == {"id": "7"}


@given(st.data())
def test_every_change_of_one_byte_is_refused(data: st.DataObject):
    value = USERS.seal({"id": "customer-7"}).encode()
    at = data.draw(st.integers(0, len(value) - 1))
    by = data.draw(st.integers(1, 255))
    assert not USERS.open(value[:at] + bytes([value[at] ^ by]) + value[at + 1 :])


@given(st.text() | st.binary() | st.binary(min_size=28).map(base64.b64encode))
def test_no_text_makes_it_raise(value: str | bytes):
    assert not USERS.open(value)


@pytest.mark.parametrize("value", [None, 7, 10**12, [], {"user": "7"}, True])
def test_a_value_of_another_kind_out_of_a_parsed_request_is_refused(value: Any):
    assert USERS.open(value).reason is SheetReason.MALFORMED


def test_a_value_that_is_far_too_long_is_refused():
    assert USERS.open(sealed(b" " * 65_536)).reason is SheetReason.MALFORMED


@given(st.binary())
def test_nothing_sealed_makes_it_raise(text: bytes):
    USERS.open(sealed(text))


@pytest.mark.parametrize("text", [b"", b"[]", b"null", b"\xff", b"[" * 40_000])
def test_what_is_no_user_inside_is_told(text: bytes):
    assert USERS.open(sealed(text)).reason is SheetReason.NO_USER


def test_stray_bits_at_the_end_make_no_second_form():
    value = next(v for v in (sealed(b"{}" + b" " * n) for n in range(3)) if v.endswith("="))
    pads = len(value) - len(value.rstrip("="))
    last = value[-pads - 1]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bent = value[: -pads - 1] + alphabet[alphabet.index(last) + 1] + "=" * pads
    assert USERS.open(value)
    assert base64.b64decode(bent) == base64.b64decode(value)
    assert USERS.open(bent).reason is SheetReason.MALFORMED


def test_lines_as_ruby_breaks_them_are_read():
    value = base64.encodebytes(base64.b64decode(sealed(b'{"id":"7","name":"' + b"x" * 80 + b'"}')))
    assert b"\n" in value[:-1]
    assert USERS.open(value)


def test_during_a_rotation_it_says_which_secret_opened_it():
    both = SheetUsers(secrets.token_hex(20), SECRET)
    assert both.open(sealed(b"{}")).secret == 1
    assert both.open(sealed(b"{}", "somebody else's")).reason is SheetReason.MISMATCH


@pytest.mark.parametrize("empty", ["", b"", " "])
def test_an_empty_secret_is_refused_at_once(empty: str | bytes):
    with pytest.raises(ValueError, match="empty"):
        SheetUsers(empty)
    with pytest.raises(ValueError, match="client secret"):
        SheetUsers()
