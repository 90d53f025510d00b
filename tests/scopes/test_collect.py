"""The scope review's collector: what it can't read it says, and it remembers what it saw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from helpers.core.context import Context
from helpers.core.model import Cause, Known, Unavailable
from helpers.core.policy import Acts, Policy
from helpers.core.redaction import Redactor
from helpers.core.settings import Profile, load_settings
from helpers.intercom.client import Client
from helpers.scopes.action import act
from helpers.scopes.collect import collect
from helpers.scopes.records import Grant, ScopeFacts
from tests.checking import NOW
from tests.conftest import make_access_token
from tests.intercom.hub import Hub

Make = Callable[..., Context]
SEEN = {"read_single_admin", "read_admins", "read_tags", "read_conversations"}


@pytest.fixture
def make(hub: Hub, tmp_path: Path) -> Make:
    """A context whose tokens are given; none is configured otherwise."""
    repo, state = tmp_path / "repo", tmp_path / "state"
    repo.mkdir()
    state.mkdir()
    (repo / "sync.py").write_text('import httpx\nhttpx.get("https://api.intercom.io/tags")\n')

    def context(**tokens: str) -> Context:
        named = {f"INTERCOM_{name.upper()}_TOKEN": value for name, value in tokens.items()}
        environ = {"INTERCOM_BASE_URL": hub.url, **named}
        settings = load_settings(Profile.PRODUCTION, repo, environ=environ)
        return Context(
            settings,
            Policy(),
            Redactor(),
            repo,
            state,
            lambda: NOW,
            client_factory=Client.from_settings,
        )

    return context


def reason(datum: Any, cause: Cause = Cause.FAILED) -> str:
    assert isinstance(datum, Unavailable)
    assert datum.cause is cause
    return f"{datum.call}: {datum.reason}"


def granted(facts: ScopeFacts) -> set[str]:
    assert isinstance(facts.access, Known)
    return set(facts.access.value.scopes(Grant.GRANTED))


def test_a_token_that_is_not_set_is_not_configured(make: Make) -> None:
    facts = collect(make())
    for name in ("access", "reader", "writer"):
        assert "is not set" in reason(getattr(facts, name), Cause.NOT_CONFIGURED)
    assert "first review" in reason(facts.previous, Cause.NOT_CONFIGURED)


def test_a_dead_token_says_so_and_hides_nothing_else(make: Make, hub: Hub) -> None:
    facts = collect(make(access=hub.token(SEEN), read=make_access_token()))
    assert "unauthorized" in reason(facts.reader)
    assert granted(facts) == SEEN


def test_a_host_that_does_not_answer_says_so(make: Make, unused_port: int) -> None:
    context = make(access=make_access_token())
    where = {"INTERCOM_BASE_URL": f"http://127.0.0.1:{unused_port}"}
    token = {"INTERCOM_ACCESS_TOKEN": make_access_token()}
    context.settings = load_settings(Profile.PRODUCTION, context.repo, environ=where | token)
    assert "the connection was refused" in reason(collect(context).access)


def test_a_token_that_can_not_read_its_owner_has_none(make: Make, hub: Hub) -> None:
    facts = collect(make(access=hub.token({"read_tags"})))
    assert isinstance(facts.access, Known)
    assert facts.access.value.owner is None


@pytest.mark.parametrize(
    ("file", "datum"),
    [
        ("scopes.json", "previous"),
        ("observed.json", "uses"),
        ("attestations.json", "attestations"),
    ],
)
@pytest.mark.parametrize("content", ["[{]", "{}", '[{"a": 1}]', "5"])
def test_a_damaged_memory_is_told_and_takes_nothing_else_along(
    file: str, datum: str, content: str, make: Make, hub: Hub
) -> None:
    context = make(access=hub.token(SEEN))
    (context.state / file).write_text(content)
    facts = collect(context)
    assert file in reason(getattr(facts, datum))
    assert granted(facts) == SEEN


def test_a_repository_that_is_not_there_has_no_uses_to_tell(make: Make, hub: Hub) -> None:
    context = make(access=hub.token(SEEN))
    context.repo = context.repo / "nowhere"
    assert "not a folder" in reason(collect(context).uses)


def test_an_observed_file_that_shows_nothing_is_told(make: Make, hub: Hub) -> None:
    context = make(access=hub.token(SEEN))
    context.observed = (context.repo / "sync.py",)
    assert "shows no call" in reason(collect(context).uses)


def test_uses_come_from_sources_observations_and_the_audit_itself(make: Make, hub: Hub) -> None:
    context = make(access=hub.token(SEEN))
    path = context.repo / "calls.txt"
    path.write_text("GET /articles\n")
    context.observed = (path,)
    facts = collect(context)
    assert isinstance(facts.uses, Known)
    assert {(u.call, u.path) for u in facts.uses.value} == {
        ("GET /tags", "sync.py"),
        ("GET /articles", "calls.txt"),
        ("GET /me", "this audit"),
        ("GET /admins", "this audit"),
        ("GET /admins/activity_logs", "this audit"),
    }


def test_each_run_is_compared_with_the_one_before(make: Make, hub: Hub) -> None:
    collect(make(access=hub.token(SEEN)))
    second = collect(make(access=hub.token(SEEN | {"read_news"})))
    assert isinstance(second.previous, Known)
    before = dict(second.previous.value.verdicts)
    assert (second.previous.value.at, before["read_news"]) == (NOW, Grant.MISSING)
    third = collect(make(access=hub.token(SEEN)))
    assert isinstance(third.previous, Known)
    assert dict(third.previous.value.verdicts)["read_news"] is Grant.GRANTED


def test_a_run_that_could_not_ask_leaves_the_memory_as_it_is(make: Make, hub: Hub) -> None:
    context = make(access=hub.token(SEEN))
    collect(context)
    kept = (context.state / "scopes.json").read_bytes()
    collect(make(access=make_access_token()))
    assert (context.state / "scopes.json").read_bytes() == kept


def test_what_write_probes_were_answered_counts_with_the_rest(make: Make, hub: Hub) -> None:
    context = make(access=hub.token(SEEN | {"write_tags"}), read=hub.token(SEEN))
    assert "write_tags" not in granted(collect(context))
    context.policy = Policy(acts=Acts(write_probes=True))
    done = act(context)
    assert not isinstance(done, Unavailable)
    context.evidence = Known(done)
    assert granted(collect(context)) == SEEN | {"write_tags"}
