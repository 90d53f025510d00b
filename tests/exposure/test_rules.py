"""Our rules for Intercom, by the examples that stand beside them."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from helpers.exposure.kingfisher import RULES, Kingfisher
from helpers.model import fingerprint
from tests.conftest import make_access_token

MAKERS: dict[str, Callable[[], str]] = {
    "access_token": make_access_token,
    "uuid": lambda: str(uuid.uuid4()),
    "secret40": lambda: secrets.token_urlsafe(30),
    "secret43": lambda: secrets.token_urlsafe(32),
    "hex40": lambda: secrets.token_hex(20),
    "hex64": lambda: secrets.token_hex(32),
}
HOLE = re.compile(f"<({'|'.join(MAKERS)})>")


def cases(key: str) -> Iterator[Any]:
    for rule in yaml.safe_load(RULES.read_text("utf-8"))["rules"]:
        for example in rule[key]:
            yield pytest.param(rule["id"].split(".")[1], example, id=f"{rule['id']} {example[:40]}")


@pytest.fixture(scope="module", params=[True, False], ids=["all rules", "intercom alone"])
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


def test_an_inline_comment_hides_nothing(engine: Kingfisher) -> None:
    text = f"t = '{make_access_token()}'  # kingfisher:ignore gitleaks:allow"
    assert len(engine.scan(text.encode(), "a.py")) == 1


def test_the_same_token_has_one_fingerprint_in_every_spelling(engine: Kingfisher) -> None:
    token = make_access_token()
    for text in (token, token.replace("=", "%3D"), token.rstrip("="), f'"{token}"', token + "X"):
        (one,) = engine.scan(text.encode(), "a.txt")
        assert one.fingerprint == fingerprint("access_token", token)


def test_a_sighting_holds_no_secret(engine: Kingfisher) -> None:
    token = make_access_token()
    (one,) = engine.scan(token.encode(), "a.txt")
    assert token[:12] not in repr(one)
    assert one.shape == "dG9rO…(60)"


def test_values_are_told_for_bytes_that_are_read_again(engine: Kingfisher) -> None:
    token = make_access_token()
    ((mark, value),) = engine.values(token.encode(), "a.txt").items()
    assert (mark, value.get_secret_value()) == (fingerprint("access_token", token), token)


def test_another_providers_secret_is_found_by_all_rules_alone() -> None:
    team, bot = secrets.token_hex(4).upper(), secrets.token_hex(4).upper()
    text = f"https://hooks.slack.com/services/T{team}/B{bot}/{secrets.token_hex(12)}"
    assert len(Kingfisher().scan(text.encode(), "a.py")) == 1
    assert Kingfisher(all_rules=False).scan(text.encode(), "a.py") == ()
