"""The engine, and our rules for Intercom with their own examples."""

from __future__ import annotations

import base64
import json
import re
import secrets
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from kingfisher_sdk import Rules
from pydantic import SecretStr

from helpers.core.errors import CollectionError
from helpers.core.model import fingerprint
from helpers.core.settings import VARIABLES, Credential
from helpers.exposure.kingfisher import (
    PATH_PATTERNS,
    PROVIDER_RULES,
    RULES,
    STANDALONE,
    ByteSpans,
    Kingfisher,
    path_class,
)
from helpers.exposure.scan import scan
from tests.conftest import make_access_token

MAKERS: dict[str, Callable[[], str]] = {
    "access_token": make_access_token,
    "uuid": lambda: str(uuid.uuid4()),
    "secret40": lambda: secrets.token_urlsafe(30),
    "secret43": lambda: secrets.token_urlsafe(32),
    "hex40": lambda: secrets.token_hex(20),
    "hex32": lambda: secrets.token_hex(16),
    "mixed40": lambda: base64.b64encode(b"\xd3\x5d\xb7" + secrets.token_bytes(27)).decode(),
    "base64_64": lambda: base64.b64encode(secrets.token_bytes(64)).decode(),
    "hex64": lambda: secrets.token_hex(32),
}
ALL_RULES = Kingfisher()  # loaded by the first scan
HOLE = re.compile(f"<({'|'.join(MAKERS)})>")


def cases(key: str, path: Path = RULES) -> Iterator[Any]:
    for rule in yaml.safe_load(path.read_text("utf-8"))["rules"]:
        for example in rule[key]:
            yield pytest.param(rule["id"].split(".")[1], example, id=f"{rule['id']} {example[:40]}")


@pytest.fixture(scope="module", params=[True, False], ids=["all rules", "intercom only"])
def engine(request: pytest.FixtureRequest) -> Kingfisher:
    return Kingfisher(all_rules=request.param)


@pytest.mark.parametrize(("kind", "example"), list(cases("examples")))
def test_an_example_is_found_as_its_kind_once(engine: Kingfisher, kind: str, example: str) -> None:
    text = HOLE.sub(lambda match: MAKERS[match[1]](), example)
    assert [one.kind for one in engine.scan(text.encode(), "a.txt")] == [kind], text


@pytest.mark.parametrize(("kind", "example"), list(cases("negative_examples")))
def test_a_counter_example_is_silent(engine: Kingfisher, kind: str, example: str) -> None:
    text = HOLE.sub(lambda match: MAKERS[match[1]](), example)
    assert engine.scan(text.encode(), "a.txt") == (), kind


@pytest.mark.parametrize(("kind", "example"), list(cases("examples", PROVIDER_RULES)))
def test_a_providers_key_is_found_without_its_other_half(kind: str, example: str) -> None:
    text = HOLE.sub(lambda match: MAKERS[match[1]](), example)
    assert [one.kind for one in ALL_RULES.scan(text.encode(), "a.txt")] == [kind], text


@pytest.mark.parametrize(("kind", "example"), list(cases("negative_examples", PROVIDER_RULES)))
def test_a_counter_example_of_a_provider_is_silent(kind: str, example: str) -> None:
    text = HOLE.sub(lambda match: MAKERS[match[1]](), example)
    assert kind not in [one.kind for one in Kingfisher().scan(text.encode(), "a.txt")], text


FORMS = ("hex40", "secret43", "uuid")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (name, variable.kind)
        for variable in VARIABLES
        if variable.secret and variable.kind != "access_token"
        for name in (variable.name, *variable.aliases)
    ],
)
def test_every_variable_of_the_settings_is_found_in_each_form(
    engine: Kingfisher, name: str, kind: str, form: str
) -> None:
    value = MAKERS[form]()
    for text in (f"{name}={value}\n", f'{{"{name}": "{value}"}}', f"{name.lower()}: '{value}'"):
        found = {one.fingerprint for one in engine.scan(text.encode(), "a.txt")}
        assert fingerprint(kind, value) in found, text


def test_hidden_rules_that_find_a_secret_are_reported() -> None:
    rules = Rules()
    hidden = {r["id"] for r in rules.metadata() if not rules.detail(r["id"])["visible"]}
    words = re.compile("secret|token$|passphrase|consumer-key|password")
    covered = STANDALONE | {
        "betterleaks.aws-secret-access-key",  # has a rule of ours
        "veles.secrets/packagistsecret-api-key",  # the public half
    }
    assert hidden >= STANDALONE
    assert {one for one in hidden if words.search(one.rpartition("/")[2])} <= covered


def test_a_private_key_behind_log_prefixes_is_one_secret() -> None:
    body = [base64.b64encode(secrets.token_bytes(48)).decode() for _ in range(8)]
    lines = ["-----BEGIN RSA PRIVATE KEY-----", *body, "-----END RSA PRIVATE KEY-----"]
    plain = "\n".join(lines)
    logged = "\n".join(
        f"2026-01-0{n % 9 + 1} 10:00:00 web-{n}: {one}" for n, one in enumerate(lines)
    )
    found = [Kingfisher().scan(text.encode(), "a.log") for text in (plain, logged)]
    assert found[0]
    assert {one.fingerprint for one in found[1]} == {one.fingerprint for one in found[0]}


PREFIXES = (
    "2026-01-02T10:00:00.123Z ",
    "Jan  2 10:00:00 host app[17]: ",
    "web_1  | ",
    "[INFO] pod-7f9c-x2x: ",
    "ada@host:~$ ",
)


@pytest.mark.parametrize(
    ("kind", "example"), [*cases("examples"), *cases("examples", PROVIDER_RULES)]
)
def test_a_secret_behind_log_prefixes_is_one_secret(kind: str, example: str) -> None:
    text = HOLE.sub(lambda match: MAKERS[match[1]](), example)
    found = set()
    for prefix in ("", *PREFIXES):
        logged = "\n".join(prefix + line for line in text.splitlines())
        found |= {(one.kind, one.fingerprint) for one in ALL_RULES.scan(logged.encode(), "a.log")}
    assert [one for one, _ in found] == [kind]


def test_a_service_account_is_known_by_its_key_in_every_spelling() -> None:
    body = [base64.b64encode(secrets.token_bytes(48)).decode() for _ in range(20)]
    pem = "\n".join(["-----BEGIN PRIVATE KEY-----", *body, "-----END PRIVATE KEY-----\n"])
    account = {
        "type": "service_account",
        "private_key_id": secrets.token_hex(20),
        "private_key": pem,
        "client_email": "a@p-1.iam.gserviceaccount.com",
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
    }
    wide, compact = json.dumps(account, indent=2), json.dumps(account)
    logged = "\n".join(f"2026-01-02 pod-1: {line}" for line in wide.splitlines())
    found = {
        one.fingerprint
        for text in (wide, compact, logged, pem, json.dumps(compact))
        for one in ALL_RULES.scan(text.encode(), "a.log")
    }
    assert len(found) == 1


def test_secrets_from_one_stretch_of_base64_do_not_hide_one_another() -> None:
    token, mine = make_access_token(), secrets.token_hex(16)
    credential = Credential("MINE", "identity_secret", SecretStr(mine), ".env")
    text = f"T={token}\nAWS_SECRET_ACCESS_KEY={MAKERS['mixed40']()}\nx={mine}\n"
    found = Kingfisher(credentials=[credential]).scan(base64.b64encode(text.encode()), "a.txt")
    kinds = sorted(one.kind for one in found)
    assert kinds == ["access_token", "aws-secret-access-key", "identity_secret"]


def test_an_inline_comment_hides_nothing(engine: Kingfisher) -> None:
    text = f"t = '{make_access_token()}'  # kingfisher:ignore gitleaks:allow"
    assert len(engine.scan(text.encode(), "a.py")) == 1


def test_the_same_token_has_one_fingerprint_in_every_spelling(engine: Kingfisher) -> None:
    token = make_access_token()
    for text in (token, token.replace("=", "%3D"), token.rstrip("="), f'"{token}"', token + "X"):
        (one,) = engine.scan(text.encode(), "a.txt")
        assert one.fingerprint == fingerprint("access_token", token)


def test_a_match_contains_no_secret(engine: Kingfisher) -> None:
    token = make_access_token()
    (one,) = engine.scan(token.encode(), "a.txt")
    assert token[:12] not in repr(one)
    assert one.shape == "dG9rO…(60)"


def test_values_returns_the_secret_by_fingerprint(engine: Kingfisher) -> None:
    token = make_access_token()
    ((found, value),) = engine.values(token.encode(), "a.txt").items()
    assert (found, value.get_secret_value()) == (fingerprint("access_token", token), token)


def test_another_providers_secret_is_found_with_all_rules_only() -> None:
    team, bot = secrets.token_hex(4).upper(), secrets.token_hex(4).upper()
    text = f"https://hooks.slack.com/services/T{team}/B{bot}/{secrets.token_hex(12)}"
    assert len(Kingfisher().scan(text.encode(), "a.py")) == 1
    assert Kingfisher(all_rules=False).scan(text.encode(), "a.py") == ()


def test_rules_that_can_not_be_loaded_give_one_clear_error(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repo / "a.txt").write_text("fine")
    monkeypatch.setattr("helpers.exposure.kingfisher.RULES", repo / "none.yml")
    monkeypatch.setattr(Kingfisher, "identity", "rules of a broken environment")
    with pytest.raises(CollectionError, match="can't be loaded"):
        scan(repo, Kingfisher(all_rules=False))


def test_a_search_that_takes_too_long_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helpers.exposure.kingfisher._SECONDS", 0.05)
    with pytest.raises(TimeoutError):
        Kingfisher().scan(b"https://a:bcdefgh1@c.d " * 100_000, "a.txt")


def test_a_secret_in_html_or_css_is_found(engine: Kingfisher) -> None:
    token = make_access_token()
    for path, text in (("a.html", f"<!-- {token} -->"), ("a.css", f"/* {token} */")):
        assert len(engine.scan(text.encode(), path)) == 1


def _path_patterns(node: Any) -> Iterator[str]:
    """Yield the patterns that a rule's filter applies to the path."""
    if isinstance(node, dict):
        arguments = node.get("arguments") or ()
        if arguments and "path" in json.dumps(arguments[0]):
            yield from (one["value"] for one in arguments[1]["nodes"])
        for value in node.values():
            yield from _path_patterns(value)
    elif isinstance(node, list):
        for value in node:
            yield from _path_patterns(value)


def test_the_path_classes_cover_every_rule_of_the_engine_that_uses_paths() -> None:
    rules = Rules()
    details = [rules.detail(rule["id"]) for rule in rules.metadata()]
    found = {detail["path"] for detail in details if detail["path"]}
    for detail in details:
        said = json.dumps(detail["betterleaks_filter"])
        patterns = set(_path_patterns(detail["betterleaks_filter"]))
        assert bool(patterns) == ('"attributes"' in said), detail["id"]
        found |= patterns
    assert found == set(PATH_PATTERNS)


def test_a_rule_for_certain_paths_applies_there_only() -> None:
    text = f'password = "{secrets.token_urlsafe(12)}"'.encode()
    found = [len(Kingfisher().scan(text, path)) for path in ("a/b.tf", "a.txt", "")]
    assert found == [1, 0, 0]
    assert path_class("a/b.tf") != path_class("a.txt") == path_class("b.py") == "0000"


@pytest.mark.parametrize(
    "form",
    [
        lambda value: f"x = {value}".encode(),
        lambda value: base64.b64encode(f"key: {value}!".encode()),
        lambda value: f"{value}\n".encode("utf-16"),
    ],
    ids=["plain", "base64", "UTF-16"],
)
@pytest.mark.parametrize("all_rules", [True, False])
def test_a_secret_in_use_is_found_by_its_bytes_with_no_name_near(
    form: Callable[[str], bytes], *, all_rules: bool
) -> None:
    value = secrets.token_urlsafe(24)
    credential = Credential("INTERCOM_CLIENT_SECRET", "client_secret", SecretStr(value), "test")
    engine = Kingfisher(all_rules=all_rules, credentials=[credential])
    (one,) = engine.scan(form(value), "a.txt")
    assert (one.kind, one.fingerprint) == ("client_secret", credential.fingerprint)
    assert value not in repr(one)
    assert Kingfisher(all_rules=False).scan(form(value), "a.txt") == ()


@pytest.mark.parametrize("value", ["short", "aaaaaaaaaaaaaaaaaaaaaaaa", "schlüsselschlüssel123456"])
def test_a_short_or_repetitive_secret_in_use_is_not_searched(value: str) -> None:
    credential = Credential("INTERCOM_CLIENT_SECRET", "client_secret", SecretStr(value), "test")
    engine = Kingfisher(all_rules=False, credentials=[credential])
    assert engine.scan(value.encode(), "a.txt") == ()


def test_rules_for_secrets_in_use_change_the_identity_and_stay_off_the_disk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KF_RULE_CACHE_DIR", str(tmp_path))
    value = secrets.token_urlsafe(24)
    credential = Credential("INTERCOM_CLIENT_SECRET", "client_secret", SecretStr(value), "test")
    engine = Kingfisher(all_rules=False, credentials=[credential])
    assert engine.scan(value.encode(), "")
    assert engine.identity != Kingfisher(all_rules=False).identity
    assert value not in engine.identity
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


SPAN = st.tuples(st.integers(0, 50), st.integers(1, 9)).map(lambda s: (s[0], s[0] + s[1]))


@given(st.lists(SPAN), st.lists(SPAN), SPAN)
def test_spans_overlap_if_they_share_a_byte(
    some: list[tuple[int, int]], more: list[tuple[int, int]], asked: tuple[int, int]
) -> None:
    spans = ByteSpans()
    spans.add(some)
    spans.add(more)
    expected = any(start < asked[1] and asked[0] < end for start, end in some + more)
    assert spans.overlaps(*asked) == expected
