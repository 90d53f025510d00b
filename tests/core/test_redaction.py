from __future__ import annotations

import base64
import json
import re
import secrets
import uuid
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.core.redaction import Redactor, fingerprint, is_redactable
from tests.conftest import make_access_token
from tests.forms import FORMS


def redactor_for(value: str, kind: str = "client_secret") -> Redactor:
    redactor = Redactor()
    redactor.register(kind, value)
    return redactor


SECRET = "s3cr3t/with+odd=chars&<" + secrets.token_hex(8)
UUID = str(uuid.uuid4())


VALUES = {
    "a secret of odd characters": SECRET,
    "a UUID": UUID,
    "an access token": make_access_token(),
    "the layout of an access token": base64.b64decode(make_access_token()).decode(),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_registered_secret_is_redacted_in_every_form_it_gets_printed_in(
    form: Callable[[str], str], value: str
):
    printed = form(value)
    told = redactor_for(value).text(f"¶ {printed} ¶")  # no letter that could belong to the secret
    assert told.startswith("¶")
    assert told.endswith("¶")
    left = re.sub(r"\[redacted \w+ [0-9a-fk-]{8}\]", "", told)
    assert left != told
    assert len(left) < 34  # what surrounds an encoded secret, and a group
    assert value[4:16].lower() not in left.lower()


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_leak_check_knows_the_same_forms(form: Callable[[str], str]):
    assert list(redactor_for(UUID).leaks(f"¶ {form(UUID)} ¶".encode()))


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


@pytest.mark.parametrize("word", ["abc", "resource", "findings", "Production"])
def test_short_values_and_words_are_not_redacted_as_they_stand_in_any_text(word: str):
    assert not is_redactable(word)
    text = json.dumps({word: f"the {word}"})
    assert redactor_for(word).text(text) == text
    assert list(redactor_for(word).leaks(text.encode())) == []


def test_a_guessable_value_is_redacted_as_a_whole_word_and_not_as_a_key():
    redactor = redactor_for("hunter2hunter2")
    assert "hunter2" not in redactor.text("it is hunter2hunter2.")
    assert redactor.text('{"hunter2hunter2": 1}') == '{"hunter2hunter2": 1}'
    assert list(redactor.leaks(b'{"hunter2hunter2": 1}')) == []


def test_base64_of_a_label_is_no_token():
    text = "dG9rZW5z" + base64.b64encode(b"tokens are kept in the keyring of the system").decode()
    assert Redactor().text(text) == text


def test_an_unregistered_token_in_lower_case_or_decoded_is_redacted(access_token: str):
    layout = base64.b64decode(access_token).decode()
    for form in (access_token.lower(), layout, layout.upper(), layout.replace("_", "-")):
        assert Redactor().text(f"a {form}.") != f"a {form}."
        assert form[6:-6] not in Redactor().text(f"a {form}.")


def test_the_decoded_token_gets_the_label_of_the_token(access_token: str):
    layout = base64.b64decode(access_token).decode()
    assert Redactor().text(layout) == Redactor().text(access_token)


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


@pytest.mark.parametrize("end", ["\udcff\udcfe", "\ud800", "é\udce9"])
def test_a_secret_that_is_no_utf_8_is_redacted_too(end: str) -> None:
    redactor, value = Redactor(), secrets.token_hex(16) + end
    redactor.register("client_secret", value)
    assert redactor.text("nothing of it") == "nothing of it"
    for form in (value, value[::-1], value[:20], " ".join(value)):
        assert value[:20] not in redactor.text(form).replace(" ", "")
    raw = value.encode("utf-8", "surrogatepass" if end == "\ud800" else "surrogateescape")
    assert raw.hex() not in redactor.text(raw.hex())


def test_a_found_secret_is_redacted_where_a_name_contains_it():
    redactor, value = Redactor(), f"k{secrets.token_urlsafe(32)}k"
    redactor.register_found("identity_secret", value)
    label = f"[redacted identity_secret {fingerprint('identity_secret', value)[:8]}]"
    assert redactor.text(f"backup/{value}.json, {value}") == f"backup/{label}.json, {label}"
    assert redactor.text(f"part/{value[:20]}") != f"part/{value[:20]}"
    assert redactor.text("backup/none.json") == "backup/none.json"


def test_many_thousand_found_secrets_are_redacted_each():
    redactor = Redactor()
    values = [secrets.token_hex(20) for _ in range(20_000)]
    for value in values:  # a text between two of them must not cost as much as all
        redactor.register_found("legacy_api_key", value)
        assert value not in redactor.text(f"a/{value}/b")
    shown = redactor.text(" ".join(values[::100]))
    assert not [value for value in values if value in shown]
