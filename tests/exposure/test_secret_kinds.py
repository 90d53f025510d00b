from __future__ import annotations

import base64
import uuid

from hypothesis import given
from hypothesis import strategies as st

from helpers.exposure.secret_kinds import canonical, shape
from tests.conftest import make_access_token


@given(st.uuids(version=4), st.sampled_from(["", ":1:0", ":1:1", ":2:eu"]))
def test_every_token_of_the_layout_is_recognised(inner: uuid.UUID, rest: str) -> None:
    layout = f"tok:{str(inner).replace('-', '_')}{rest}"
    token = base64.b64encode(layout.encode()).decode()
    assert canonical("access_token", token) == token
    assert canonical("access_token", token.rstrip("=")) == token


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", min_size=46))
def test_a_value_that_only_begins_as_a_token_is_rejected(rest: str) -> None:
    assert canonical("access_token", "dG9rOj" + rest) is None


def test_a_token_of_zeros_is_a_placeholder() -> None:
    layout = f"tok:{uuid.UUID(int=0)}:1:0".replace("-", "_")
    assert canonical("access_token", base64.b64encode(layout.encode()).decode()) is None


def test_a_shape_shows_only_the_beginning_that_all_values_share() -> None:
    assert shape("access_token", make_access_token()) == "dG9rO…(60)"
    assert shape("mobile_sdk_key", "ios_sdk-" + "a" * 40) == "ios_sdk-…(48)"
    assert shape("password", "short") == "…(5)"
