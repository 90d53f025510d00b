import base64
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import helpers.sandbox
from helpers.sandbox import tokens

SHAPE = re.compile(rb"tok:[0-9a-f]{8}_[0-9a-f]{4}_4[0-9a-f]{3}_[89ab][0-9a-f]{3}_[0-9a-f]{12}:1:0")


@given(st.text())
def test_an_access_token_has_the_real_shape(label: str) -> None:
    token = tokens.access_token(label)
    assert len(token) == 60
    assert token.endswith("=")
    assert SHAPE.fullmatch(base64.b64decode(token, validate=True))


@given(st.text(), st.text())
def test_two_labels_give_two_tokens_and_one_label_one(one: str, other: str) -> None:
    assert (tokens.access_token(one) == tokens.access_token(other)) == (one == other)


@given(st.text())
def test_an_identity_secret_is_256_bits(label: str) -> None:
    secret = tokens.identity_secret(label)
    assert len(secret) == 43
    assert len(base64.urlsafe_b64decode(secret + "=")) == 32


def test_no_source_file_holds_a_token() -> None:
    folder = Path(helpers.sandbox.__file__).parent
    for path in folder.rglob("*.py"):
        assert not re.search(r"dG9rO[\w+/]{40}", path.read_text("utf-8")), path
