"""Both collectors and their views, on a sandbox and on nothing."""

from __future__ import annotations

from contextlib import ExitStack

from pydantic import SecretStr

from helpers.access import collect as access_collector
from helpers.core.model import Cause, Known, Unavailable
from helpers.core.policy import Acts
from helpers.intercom.client import Client
from helpers.notebook.context_factory import open_context
from helpers.notebook.parameters import Choices
from helpers.scopes import collect as scopes_collector
from helpers.scopes.action import act


def test_every_datum_of_both_reviews_is_read_from_the_sandbox() -> None:
    with ExitStack() as closing:
        context = open_context("reviews", Choices(), closing)
        found = (scopes_collector.collect(context), access_collector.collect(context))
        for facts in found:
            unread = {k for k, v in facts if isinstance(v, Unavailable) and v.cause is Cause.FAILED}
            assert unread == set()
        again = scopes_collector.collect(context)
        assert isinstance(again.previous, Known)


def test_a_dead_token_leaves_the_access_review_without_eyes_and_says_which_call() -> None:
    with ExitStack() as closing:
        context = open_context("reviews-dead", Choices(), closing)
        base = context.settings.text("INTERCOM_BASE_URL")
        context.__dict__["client"] = Client(SecretStr("not-a-token"), base)
        facts = access_collector.collect(context)
    calls = {v.call for _, v in facts if isinstance(v, Unavailable)}
    assert {"GET /me", "GET /admins", "GET /ip_allowlist", "GET /data_connectors"} <= calls


def test_write_probes_are_off_until_the_policy_says_so() -> None:
    with ExitStack() as closing:
        context = open_context("reviews-act", Choices(), closing)
        context.policy = context.policy.model_copy(update={"acts": Acts()})
        off = act(context)
        assert isinstance(off, Unavailable)
        assert off.cause is Cause.OFF
        context.policy = context.policy.model_copy(update={"acts": Acts(write_probes=True)})
        done = act(context)
        assert not isinstance(done, Unavailable)
        assert {a.status for _, answers in done.answers for a in answers} <= {401, 403, 404}
