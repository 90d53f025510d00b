"""Why the Messenger refuses a user: tokens and hashes, each reason in words."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from helpers.cli.webhook import webhook
from helpers.core.errors import UsageError
from helpers.webhooks.identity import explain_token, explain_user_hash
from helpers.webhooks.signatures import user_hash
from helpers.webhooks.tokens import MessengerTokens

SECRET, OTHER = secrets.token_hex(20), secrets.token_hex(20)
SECRETS = {
    "INTERCOM_IDENTITY_SECRET": SECRET.encode(),
    "INTERCOM_CLIENT_SECRET": OTHER.encode(),
    "TOO_SHORT": b"short",
    "TOO_SHORT_BUT_FOR_BLANKS": b"short" + b" " * 40,
}
NOW = 1_772_438_400
EMAIL = "zoe@example.com"


def minted(secret: str = SECRET, lifetime: int = 7_200) -> str:
    return MessengerTokens(secret).mint("7", lifetime=lifetime, now=NOW)


def unending() -> str:
    from joserfc import jwt
    from joserfc.jwk import OctKey

    return jwt.encode({"alg": "HS256"}, {"user_id": "7"}, OctKey.import_key(SECRET.encode()))


@pytest.mark.parametrize(
    ("make", "words", "refused"),
    [
        (minted, ["It is genuine"], False),
        (unending, ["It is genuine", "never expires"], False),
        (lambda: minted(lifetime=86_401), ["It is genuine", "another 24 hours"], False),
        (lambda: minted(lifetime=-1), ["has expired"], True),
        (lambda: minted(OTHER), ["value of INTERCOM_CLIENT_SECRET"], True),
        (lambda: minted(OTHER, lifetime=-1), ["value of INTERCOM_CLIENT_SECRET"], True),
        (lambda: minted(secrets.token_hex(20)), ["another secret, or changed"], True),
        (lambda: minted() + "=", ["another secret, or changed"], True),
        (lambda: "no token", ["not a token"], True),
    ],
    ids=map(str, range(9)),
)
def test_a_token_is_explained(make: Any, words: list[str], refused: bool):
    remarks = list(explain_token(make(), SECRETS, NOW))
    assert len(remarks) == len(words)
    assert all(word in remark.message for word, remark in zip(words, remarks, strict=True))
    assert any(remark.refused for remark in remarks) is refused


@pytest.mark.parametrize(
    ("claimed", "user_id", "email", "words"),
    [
        (user_hash(SECRET, user_id="7"), "7", EMAIL, "genuine: the user_id"),
        (user_hash(SECRET, email=EMAIL), "", EMAIL, "genuine: the e-mail address"),
        (user_hash(SECRET, email=EMAIL), "7", EMAIL, "hash of the e-mail address"),
        (user_hash(SECRET, user_id="7").upper(), "7", "", "in upper case"),
        (user_hash(OTHER, user_id="7"), "7", "", "value of INTERCOM_CLIENT_SECRET"),
        (user_hash(SECRET, user_id="8"), "7", EMAIL, "matches neither"),
        ("é", "7", "", "matches neither"),
        ("", "7", "", "matches neither"),
    ],
    ids=map(str, range(8)),
)
def test_a_hash_is_explained(claimed: str, user_id: str, email: str, words: str):
    (remark,) = explain_user_hash(claimed, SECRETS, user_id=user_id, email=email)
    assert words in remark.message
    assert remark.refused is ("genuine" not in words)


@given(st.text(), st.text(min_size=1))
def test_nothing_makes_it_raise_and_it_tells_no_secret(text: str, subject: str):
    told = [*explain_token(text, SECRETS, NOW), *explain_user_hash(text, SECRETS, user_id=subject)]
    assert SECRET not in repr(told)
    assert user_hash(SECRET, user_id=subject) not in repr(told)


def run(typed: str | bytes, *arguments: str) -> tuple[object, str]:
    done = CliRunner().invoke(
        webhook, arguments, input=typed, standalone_mode=False, catch_exceptions=False
    )
    return done.return_value, done.output


def test_the_commands_read_what_is_secret_from_standard_input(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INTERCOM_IDENTITY_SECRET", SECRET)
    token = MessengerTokens(SECRET).mint("7")
    status, output = run(token + "\n", "token")
    assert (status, token in output) == (0, False)
    assert run("nonsense", "token")[0] == 13
    assert run(b"\xff\xfe", "token")[0] == 13
    right = user_hash(SECRET, user_id="7")
    assert run(right, "user-hash", "--user-id", "7")[0] == 0
    assert run(right, "user-hash", "--email", EMAIL)[0] == 13


def test_what_is_missing_is_reported(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("INTERCOM_IDENTITY_SECRET", raising=False)
    with pytest.raises(UsageError, match="INTERCOM_IDENTITY_SECRET is not set"):
        run("x", "token")
    with pytest.raises(UsageError, match="belongs to a user"):
        run("x", "user-hash")
    monkeypatch.setenv("INTERCOM_IDENTITY_SECRET", "short")
    with pytest.raises(UsageError, match="at least 32 bytes"):
        run("x", "token")
