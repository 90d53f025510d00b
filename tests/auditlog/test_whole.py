"""What was not read whole is no pass, today or on a later run of the same profile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from helpers.auditlog.collect import collect
from helpers.auditlog.records import AuditFacts
from helpers.core.catalog import load
from helpers.core.context import Context
from helpers.core.judge import judge
from helpers.core.model import Known, Snapshot, Status
from helpers.intercom.answers import Me
from helpers.intercom.responses import ApiResponse
from helpers.notebook.context_factory import open_context
from helpers.notebook.parameters import Choices

Body = dict[str, Any]


class Lying:
    """A client whose answers are changed on the way."""

    def __init__(self, client: Any, lie: Callable[[Body], Any]) -> None:
        self._client = client
        self._lie = lie

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def activity_answer(self, *period: Any, **options: Any) -> ApiResponse:
        answer: ApiResponse = self._client.activity_answer(*period, **options)
        return replace(answer, body=self._lie(answer.body)) if answer.ok else answer


def _rows(**changes: Any) -> Callable[[Body], Body]:
    def lie(body: Body) -> Body:
        return body | {"activity_logs": [row | changes for row in body["activity_logs"]]}

    return lie


def _security_rows(**changes: Any) -> Callable[[Body], Body]:
    def lie(body: Body) -> Body:
        found = body["activity_logs"]
        rows = [r | changes if "admin_login" in r["activity_type"] else r for r in found]
        return body | {"activity_logs": rows}

    return lie


LIES: dict[str, Callable[[Body], Any]] = {
    "no row at all": lambda body: body | {"activity_logs": []},
    "an empty object": lambda _: {},
    "a list": lambda body: body["activity_logs"],
    "nothing": lambda _: None,
    "a renamed list": lambda body: {"data": body["activity_logs"], "pages": body["pages"]},
    "no pages": lambda body: {k: v for k, v in body.items() if k != "pages"},
    "an object in place of the list": lambda body: body | {"activity_logs": {}},
    "an error": lambda _: {"type": "error.list", "errors": [{"code": "x"}]},
    "a null for each row": lambda body: body | {"activity_logs": [None] * 20},
    "half of the rows": lambda b: (
        b | {"activity_logs": b["activity_logs"][:9], "pages": b["pages"] | {"total_pages": 2}}
    ),
    "endless pages": lambda body: body | {"pages": {"total_pages": 10**12}},
    "no actor": _rows(performed_by=None),
    "an actor of another type": _rows(performed_by="ruth@example.com"),
    "log-ins without an address": _security_rows(performed_by={"id": "1", "ip": None}),
    "addresses that are none": _rows(performed_by={"id": "1", "ip": "somewhere"}),
    "no kinds": _rows(activity_type=None),
    "kinds that are numbers": _rows(activity_type=7),
    "times in milliseconds": _rows(created_at=1_772_000_000_000),
    "times as text": _rows(created_at="2026-02-20T10:00:00Z"),
    "times of last year": _rows(created_at=1_740_000_000),
    "times of next year": _rows(created_at=1_803_000_000),
    "no ids": _rows(id=None),
    "metadata as text": _rows(metadata="{}"),
}


@pytest.fixture
def context() -> Iterator[Context]:
    with ExitStack() as closing:
        yield open_context("08_audit_log", Choices(), closing)


def _verdicts(facts: AuditFacts, context: Context) -> dict[tuple[str, str], Status]:
    now = context.clock()
    snapshot = Snapshot[AuditFacts](step="auditlog", profile="p", taken_at=now, facts=facts)
    found = judge(snapshot, load(), context.policy, now)
    return {(f.check, f.resource.key): f.status for f in found if "AUD-010" <= f.check <= "AUD-023"}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_bad_server_gets_no_pass_and_poisons_nothing(
    context: Context, lie: Callable[[Body], Any]
) -> None:
    healthy = context.client
    context.__dict__["client"] = Lying(healthy, lie)
    bad = collect(context)
    assert not isinstance(bad.activity, Known)
    assert not {Status.PASS, Status.NOT_APPLICABLE} & set(_verdicts(bad, context).values())
    context.__dict__["client"] = healthy
    after = _verdicts(collect(context), context)
    assert after["AUD-010", "takeover/ruth@example.com"] is Status.FAIL
    with ExitStack() as closing:
        fresh = open_context("08_audit_log", Choices(), closing)
        assert after == _verdicts(collect(fresh), fresh)


def test_a_clean_workspace_does_not_hide_a_taken_over_one(context: Context) -> None:
    """The same profile, first with another workspace's token."""
    healthy = context.client

    class Elsewhere(Lying):
        def me(self) -> Me:
            found: Me = self._client.me()
            elsewhere = found.app.model_copy(update={"id_code": "elsewhere"})
            return found.model_copy(update={"app": elsewhere})

    def lie(body: Body) -> Body:
        rows = [r for r in body["activity_logs"] if r["activity_type"] == "admin_login_success"]
        return body | {"activity_logs": rows}

    context.__dict__["client"] = Elsewhere(healthy, lie)
    assert Status.FAIL not in {
        status
        for (check, _), status in _verdicts(collect(context), context).items()
        if check == "AUD-010"
    }
    context.__dict__["client"] = healthy
    found = _verdicts(collect(context), context)
    assert found["AUD-010", "takeover/ruth@example.com"] is Status.FAIL
