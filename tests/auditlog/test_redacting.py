from __future__ import annotations

import pytest

from helpers.auditlog.entries import LogEvent
from helpers.auditlog.redacting import EventRedactor
from helpers.auditlog.segments import entries
from helpers.core.redaction import Redactor
from tests.auditlog.builders import Bench
from tests.conftest import make_access_token


def _clean(text: str, salt: bytes = b"salt") -> str:
    return EventRedactor(Redactor(), salt).text(text)


def test_no_token_enters_the_log(bench: Bench) -> None:
    token = make_access_token()
    with bench.open() as log:
        log.append("demo.act", resource=f"key {token}", note=f"used {token}", reason=token)
    assert token.encode() not in b"".join(bench.lines())


def test_a_registered_secret_is_replaced_before_hashing(bench: Bench) -> None:
    redactor = Redactor()
    redactor.register("client_secret", "not-a-real-secret-1")
    with bench.open(redactor=redactor) as log:
        log.append("demo.act", note="it is not-a-real-secret-1")
    assert b"not-a-real-secret-1" not in b"".join(bench.lines())


@pytest.mark.parametrize("address", ["ann@example.com", "10.1.2.3", "2001:db8::17"])
def test_addresses_become_salted_names(address: str) -> None:
    told = _clean(f"by {address}.")
    assert address not in told
    assert told == _clean(f"by {address}.")
    assert told != _clean(f"by {address}.", b"other salt")


def test_times_and_versions_are_no_addresses() -> None:
    assert _clean("at 09:00:17, version 1.2.3") == "at 09:00:17, version 1.2.3"


def test_unknown_fields_are_dropped_and_named(bench: Bench) -> None:
    with bench.open(fields=["order"]) as log:
        log.append("demo.act", order="o-1", password="x", rows=2)
    (entry,) = [e for e in entries(bench.folder) if e.action == "demo.act"]
    assert entry.metadata == {"order": "o-1", "rows": 2, "dropped": "password"}


def test_values_become_flat_and_short() -> None:
    cleaned = EventRedactor(Redactor(), b"s").event(
        LogEvent("demo.act", metadata={"note": "x" * 5000, "rows": 1.5, "reason": {"a": 1}})
    )
    assert len(str(cleaned.metadata["note"])) < 1100
    assert cleaned.metadata["rows"] == "1.5"
    assert cleaned.metadata["reason"] == "{'a': 1}"
