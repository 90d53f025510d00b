"""All that can be wrong with a new key and with the world: the right state, and advice."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from helpers.core.errors import UnreachableError
from helpers.rotation.context import Need, RotationStatus
from helpers.rotation.procedure import OperatorInput
from helpers.rotation.transitions import Mode, State
from helpers.rotation.verification import NO_WIDER, OLD_REVOKED
from tests.rotation.conftest import READERS, SCOPES, Desk, at

pytestmark = pytest.mark.usefixtures("patient")


def test_the_old_key_pasted_again_is_not_taken(desk: Desk) -> None:
    desk.guide.start(Mode.OVERLAP)
    status = desk.guide.resume(OperatorInput(secret=SecretStr(desk.token)))
    assert at(status) == (State.PLANNED, Need.SECRET)
    assert status.pause is not None
    assert "in use now" in status.pause.lines[0]


@pytest.mark.parametrize("text", ["short", "with blanks in it, so no key", "“curly-quoted-key-1”"])
def test_what_is_no_key_is_not_taken(desk: Desk, text: str) -> None:
    desk.guide.start(Mode.OVERLAP)
    assert at(desk.guide.resume(OperatorInput(secret=SecretStr(text)))) == (
        State.PLANNED,
        Need.SECRET,
    )


def test_a_key_of_another_workspace_needs_a_person_and_another_key_mends_it(desk: Desk) -> None:
    desk.guide.start(Mode.OVERLAP)
    app = desk.click("POST", "/apps", name="Foreign", scopes=list(SCOPES), workspace="elsewhere")
    status = desk.guide.resume(OperatorInput(secret=SecretStr(app["access_token"])))
    assert at(status) == (State.NEEDS_HUMAN, Need.DECISION)
    assert "elsewhere" in status.entry.reason
    assert desk.in_file() == desk.token
    assert at(desk.guide.resume(desk.second_app())) == (State.SWAPPED, Need.CONFIRMATION)


def test_a_workspace_that_changes_its_region_is_noticed(desk: Desk) -> None:
    desk.guide.start(Mode.OVERLAP)
    desk.click("PUT", "/", region="EU")
    status = desk.guide.resume(desk.second_app())
    assert at(status) == (State.NEEDS_HUMAN, Need.DECISION)
    assert "region EU" in status.entry.reason


def test_a_wider_key_needs_a_decision(desk: Desk) -> None:
    desk.guide.start(Mode.OVERLAP)
    status = desk.guide.resume(desk.second_app("read_conversations"))
    assert at(status) == (State.NEEDS_HUMAN, Need.DECISION)
    assert "read_conversations" in status.entry.reason
    allowed = desk.guide.resume(OperatorInput(allow_wider=True))
    assert at(allowed) == (State.SWAPPED, Need.CONFIRMATION)


def test_a_narrower_key_is_welcome(desk: Desk) -> None:
    desk.guide.start(Mode.OVERLAP)
    app = desk.hub.create_app("Narrow", ("read_single_admin",))
    assert desk.guide.resume(OperatorInput(secret=app.access_token)).entry.state is State.SWAPPED


def test_a_dead_new_key_needs_a_person(desk: Desk) -> None:
    desk.guide.start(Mode.OVERLAP)
    app = desk.hub.create_app("Second", ("read_single_admin",))
    desk.hub.uninstall(app.id)
    status = desk.guide.resume(OperatorInput(secret=app.access_token))
    assert at(status) == (State.NEEDS_HUMAN, Need.DECISION)
    assert desk.in_file() == desk.token


# --- what may be wrong with the world ---


TROUBLE = {
    "a rate limit": {"kind": "status", "status": 429, "code": "rate_limit_exceeded"},
    "an error": {"kind": "status", "status": 500},
    "maintenance": {"kind": "status", "status": 503, "code": "service_unavailable"},
    "no connection": {"kind": "refuse"},
    "a lost answer": {"kind": "drop"},
    "a torn answer": {"kind": "tear"},
    "half a body": {"kind": "truncate"},
    "a time-out": {"kind": "latency", "seconds": 1},
}
trouble = pytest.mark.parametrize("fault", TROUBLE.values(), ids=TROUBLE)


def advises(status: RotationStatus) -> str:
    """What a person is told, in one string."""
    return " ".join(status.pause.lines) if status.pause else ""


@trouble
def test_trouble_at_the_beginning_begins_nothing(desk: Desk, fault: dict[str, Any]) -> None:
    desk.fault(**fault)
    with pytest.raises(UnreachableError, match="can't be checked now") as caught:
        desk.guide.start(Mode.OVERLAP)
    assert "Nothing was started" in caught.value.advice
    assert desk.guide.status() is None


@trouble
@pytest.mark.parametrize("route", ["/me", "/tags"])
def test_trouble_during_verification_waits_and_loses_nothing(
    desk: Desk, fault: dict[str, Any], route: str
) -> None:
    desk.guide.start(Mode.OVERLAP)
    offer = desk.second_app()
    desk.fault(route=route, **fault)
    status = desk.guide.resume(offer)
    assert at(status) == (State.STAGED, Need.RETRY)
    assert "Nothing was lost. Resume with --resume" in advises(status)
    assert desk.in_file() == desk.token
    desk.click("DELETE", "/faults")
    assert at(desk.guide.resume()) == (State.SWAPPED, Need.CONFIRMATION)


@trouble
def test_trouble_during_the_proof_proves_nothing(desk: Desk, fault: dict[str, Any]) -> None:
    desk.to_confirmed()
    desk.hub.uninstall(desk.app.id)
    desk.fault(**fault)
    status = desk.guide.resume()
    assert at(status) == (State.CONFIRMED, Need.RETRY)
    assert "--resume" in advises(status)
    desk.click("DELETE", "/faults")
    assert at(desk.guide.resume()) == (State.DONE, None)


@trouble
def test_trouble_does_not_stop_an_answer_to_a_theft(desk: Desk, fault: dict[str, Any]) -> None:
    desk.fault(**fault)
    assert at(desk.guide.start(Mode.IN_PLACE, compromised=True)) == (State.PLANNED, Need.RETRY)
    new = desk.hub.regenerate_token(desk.app.id).access_token
    desk.click("DELETE", "/faults")
    unseen = desk.guide.resume()
    assert at(unseen) == (State.PLANNED, Need.CLICK), "it was never seen alive"
    confirmed = OperatorInput(attested=frozenset({OLD_REVOKED}))
    assert at(desk.guide.resume(confirmed)) == (State.REVOKED, Need.SECRET)
    compared = OperatorInput(secret=new, attested=frozenset({NO_WIDER}))
    desk.guide.resume(compared)
    assert at(desk.guide.resume(READERS)) == (State.DONE, None)


@trouble
def test_a_stolen_key_is_checked_as_soon_as_the_trouble_is_over(
    desk: Desk, fault: dict[str, Any]
) -> None:
    desk.fault(**fault)
    desk.guide.start(Mode.IN_PLACE, compromised=True)
    desk.click("DELETE", "/faults")
    assert at(desk.guide.resume()) == (State.PLANNED, Need.CLICK)
    new = desk.hub.regenerate_token(desk.app.id).access_token
    assert at(desk.guide.resume()) == (State.REVOKED, Need.SECRET)
    desk.guide.resume(OperatorInput(secret=new))
    assert at(desk.guide.resume(READERS)) == (State.DONE, None)


@pytest.mark.parametrize("code", ["token_unauthorized", "token_blocked", "something_new"])
def test_a_refusal_that_means_something_else_needs_a_person(desk: Desk, code: str) -> None:
    desk.to_confirmed()
    desk.click("PUT", "/behaviours", revoked_code=code)
    desk.hub.uninstall(desk.app.id)
    status = desk.guide.resume()
    assert at(status) == (State.NEEDS_HUMAN, Need.DECISION)
    assert code in status.entry.reason
    desk.click("PUT", "/behaviours", revoked_code="token_revoked")
    assert at(desk.guide.resume()) == (State.DONE, None)


def test_a_suspended_app_is_not_a_dead_key(desk: Desk) -> None:
    desk.to_confirmed()
    desk.click("PUT", f"/apps/{desk.app.id}", suspended=True)
    assert at(desk.guide.resume()) == (State.NEEDS_HUMAN, Need.DECISION)


def test_an_address_off_the_allowlist_is_not_a_dead_key(desk: Desk) -> None:
    desk.to_confirmed()
    desk.click("PUT", "/ip_allowlist", enabled=True, ip_allowlist=["192.0.2.1"])
    assert at(desk.guide.resume()) == (State.NEEDS_HUMAN, Need.DECISION)


def test_a_stranger_s_change_of_the_store_stops_the_swap(desk: Desk) -> None:
    desk.guide.start(Mode.OVERLAP)
    desk.env_file.write_text(f"INTERCOM_ACCESS_TOKEN={'x' * 40}\n")
    status = desk.guide.resume(desk.second_app())
    assert at(status) == (State.NEEDS_HUMAN, Need.DECISION)
    assert desk.in_file() == "x" * 40
