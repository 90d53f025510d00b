from __future__ import annotations

import base64
import html
import json
import secrets
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.core.redaction import Redactor
from tests.conftest import make_access_token


def redactor_for(value: str, kind: str = "client_secret") -> Redactor:
    redactor = Redactor()
    redactor.register(kind, value)
    return redactor


SECRET = "s3cr3t/with+odd=chars&<" + secrets.token_hex(8)
FORMS = {
    "plain": SECRET,
    "quoted by Python": repr(SECRET),
    "JSON": json.dumps(SECRET),
    "JSON with an escaped equals sign": SECRET.replace("=", "\\u003d"),
    "HTML": html.escape(SECRET),
    "percent-encoded": quote(SECRET, safe=""),
    "hex": SECRET.encode().hex(),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64 inside a longer text": base64.b64encode(f"user:{SECRET}:x".encode()).decode(),
    "URL-safe base64": base64.urlsafe_b64encode(b"ab" + SECRET.encode()).decode(),
    "terminal colours between the characters": "\x1b[31m".join(SECRET),
}


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_registered_secret_is_redacted_in_every_form_it_gets_printed_in(form: str):
    told = redactor_for(SECRET).text(f"before {FORMS[form]} after")
    assert "[redacted client_secret " in told
    assert SECRET not in told
    assert told.startswith("before ")


def test_unregistered_access_token_is_redacted_by_its_shape(access_token: str):
    told = Redactor().text(f"Authorization: Bearer {access_token}")
    assert access_token not in told
    assert told.startswith("Authorization: Bearer [redacted access_token ")


def test_the_same_secret_gets_the_same_label_registered_or_not(access_token: str):
    assert Redactor().text(access_token) == redactor_for(access_token, "access_token").text(
        access_token
    )


def test_nested_data_is_redacted_keys_and_bytes_included(access_token: str):
    data = {"a": [access_token, {access_token: 1}], "b": access_token.encode(), "c": (1, None)}
    told = Redactor().data(data)
    assert access_token not in str(told)
    assert told["c"] == (1, None)


def test_ordinary_text_is_left_alone():
    text = "id_code abc123, request 6f1e0b9c-1111-4222-8333-444455556666, dG9r is no token"
    assert redactor_for(SECRET).text(text) == text


def test_colours_in_clean_text_are_kept():
    assert redactor_for(SECRET).text("\x1b[31mred\x1b[0m") == "\x1b[31mred\x1b[0m"


def test_short_value_is_refused_as_it_would_redact_ordinary_words():
    with pytest.raises(ValueError, match="under 8 characters"):
        redactor_for("abc")


def test_leak_check_names_what_leaked_and_not_the_value():
    redactor = redactor_for(SECRET)
    leaks = list(redactor.leaks(b"\xff\x00" + SECRET.encode() + b"\xff"))
    assert len(leaks) == 1
    assert leaks[0].startswith("[redacted client_secret ")
    assert list(redactor.leaks(b"nothing here")) == []


@given(st.text(), st.text())
def test_no_context_hides_a_registered_secret(before: str, after: str):
    redactor = redactor_for(SECRET)
    assert SECRET not in redactor.text(before + SECRET + after)


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str):
    redactor = redactor_for(SECRET)
    once = redactor.text(text + make_access_token())
    assert redactor.text(once) == once
