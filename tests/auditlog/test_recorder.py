from __future__ import annotations

import httpx
import pytest

from helpers.auditlog import audited, http_hooks, recording
from helpers.auditlog.entries import LogEntry
from helpers.auditlog.recorder import route_of
from helpers.auditlog.segments import entries
from helpers.core.errors import UsageError
from tests.auditlog.builders import Bench


def _last(bench: Bench) -> LogEntry:
    return list(entries(bench.folder))[-1]


def test_an_action_that_ends_well_is_a_success(bench: Bench) -> None:
    with bench.open() as log, recording(log), audited("demo.export", resource="export/1") as told:
        told["rows"] = 7
    last = _last(bench)
    assert (last.result, last.metadata, last.resource) == (
        "success",
        {"rows": 7},
        {"id": "export/1"},
    )


def test_an_action_that_raises_is_a_failure_and_still_raises(bench: Bench) -> None:
    with bench.open() as log, pytest.raises(KeyError), audited("demo.export", log=log):
        raise KeyError("secret text")
    last = _last(bench)
    assert (last.result, last.metadata) == ("failure", {"reason": "KeyError"})


def test_without_a_log_nothing_is_done_silently() -> None:
    with pytest.raises(UsageError), audited("demo.export"):
        pass
    with pytest.raises(UsageError):
        http_hooks()


def test_hooks_record_each_answer_without_ids_and_queries(bench: Bench) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        status = 404 if request.url.path.endswith("gone1") else 200
        return httpx.Response(status, headers={"X-Request-Id": "req-1"})

    with bench.open() as log, recording(log):
        transport = httpx.MockTransport(answer)
        with httpx.Client(transport=transport, event_hooks=http_hooks()) as client:
            client.get("https://api.intercom.io/contacts/65f0c1?email=ann@example.com")
            client.delete("https://api.intercom.io/tags/gone1")
    *_, first, second = entries(bench.folder)
    assert first.resource == {"id": "GET /contacts/{id}"}
    assert first.metadata["http_status"] == 200
    assert first.metadata["request_id"] == "req-1"
    assert isinstance(first.metadata["duration_ms"], int)
    assert (second.result, second.resource) == ("failure", {"id": "DELETE /tags/{id}"})


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/me", "/me"),
        ("/contacts/65f0/tags", "/contacts/{id}/tags"),
        ("/admins/activity_logs", "/admins/activity_logs"),
    ],
)
def test_a_route_has_no_ids(path: str, route: str) -> None:
    assert route_of(path) == route
