"""All that can be wrong with a new key and with the world: the right state, and advice."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from helpers.core.errors import UnreachableError
from helpers.rotation.procedures import Offer
from helpers.rotation.standing import Need, Standing
from helpers.rotation.transitions import Mode, State
from tests.rotation.conftest import READERS, SCOPES, Desk, at

pytestmark = pytest.mark.usefixtures("patient")


def test_the_old_key_pasted_again_is_not_taken(desk: Desk) -> None:
    desk.guide.begin(Mode.OVERLAP)
    standing = desk.guide.go_on(Offer(secret=SecretStr(desk.token)))
    assert at(standing) == (State.PLANNED, Need.SECRET)
    assert standing.pause is not None
    assert "in use now" in standing.pause.say[0]


@pytest.mark.parametrize("text", ["short", "with blanks in it, so no key", "“curly-quoted-key-1”"])
def test_what_is_no_key_is_not_taken(desk: Desk, text: str) -> None:
    desk.guide.begin(Mode.OVERLAP)
    assert at(desk.guide.go_on(Offer(secret=SecretStr(text)))) == (State.PLANNED, Need.SECRET)


def test_a_key_of_another_workspace_needs_a_person_and_another_key_mends_it(desk: Desk) -> None:
    desk.guide.begin(Mode.OVERLAP)
    app = desk.click("POST", "/apps", name="Foreign", scopes=list(SCOPES), workspace="elsewhere")
    standing = desk.guide.go_on(Offer(secret=SecretStr(app["access_token"])))
    assert at(standing) == (State.NEEDS_HUMAN, Need.DECISION)
    assert "elsewhere" in standing.entry.reason
    assert desk.in_file() == desk.token
    assert at(desk.guide.go_on(desk.second_app())) == (State.SWAPPED, Need.CONFIRMATION)


def test_a_workspace_that_changes_its_region_is_noticed(desk: Desk) -> None:
    desk.guide.begin(Mode.OVERLAP)
    desk.click("PUT", "/", region="EU")
    standing = desk.guide.go_on(desk.second_app())
    assert at(standing) == (State.NEEDS_HUMAN, Need.DECISION)
    assert "region EU" in standing.entry.reason


def test_a_wider_key_needs_a_decision(desk: Desk) -> None:
    desk.guide.begin(Mode.OVERLAP)
    standing = desk.guide.go_on(desk.second_app("read_conversations"))
    assert at(standing) == (State.NEEDS_HUMAN, Need.DECISION)
    assert "read_conversations" in standing.entry.reason
    allowed = desk.guide.go_on(Offer(allow_wider=True))
    assert at(allowed) == (State.SWAPPED, Need.CONFIRMATION)


def test_a_narrower_key_is_welcome(desk: Desk) -> None:
    desk.guide.begin(Mode.OVERLAP)
    app = desk.hub.create_app("Narrow", ("read_single_admin",))
    assert desk.guide.go_on(Offer(secret=app.access_token)).entry.state is State.SWAPPED


def test_a_dead_new_key_needs_a_person(desk: Desk) -> None:
    desk.guide.begin(Mode.OVERLAP)
    app = desk.hub.create_app("Second", ("read_single_admin",))
    desk.hub.uninstall(app.id)
    standing = desk.guide.go_on(Offer(secret=app.access_token))
    assert at(standing) == (State.NEEDS_HUMAN, Need.DECISION)
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


def advises(standing: Standing) -> str:
    """What a person is told, in one string."""
    return " ".join(standing.pause.say) if standing.pause else ""


@trouble
def test_trouble_at_the_beginning_begins_nothing(desk: Desk, fault: dict[str, Any]) -> None:
    desk.fault(**fault)
    with pytest.raises(UnreachableError, match="can't be tried now") as caught:
        desk.guide.begin(Mode.OVERLAP)
    assert "Nothing was begun" in caught.value.advice
    assert desk.guide.standing() is None


@trouble
@pytest.mark.parametrize("route", ["/me", "/tags"])
def test_trouble_during_verification_waits_and_loses_nothing(
    desk: Desk, fault: dict[str, Any], route: str
) -> None:
    desk.guide.begin(Mode.OVERLAP)
    offer = desk.second_app()
    desk.fault(route=route, **fault)
    standing = desk.guide.go_on(offer)
    assert at(standing) == (State.STAGED, Need.RETRY)
    assert "Nothing was lost; go on with --resume" in advises(standing)
    assert desk.in_file() == desk.token
    desk.click("DELETE", "/faults")
    assert at(desk.guide.go_on()) == (State.SWAPPED, Need.CONFIRMATION)


@trouble
def test_trouble_during_the_proof_proves_nothing(desk: Desk, fault: dict[str, Any]) -> None:
    desk.to_confirmed()
    desk.hub.uninstall(desk.app.id)
    desk.fault(**fault)
    standing = desk.guide.go_on()
    assert at(standing) == (State.CONFIRMED, Need.RETRY)
    assert "--resume" in advises(standing)
    desk.click("DELETE", "/faults")
    assert at(desk.guide.go_on()) == (State.DONE, None)


@trouble
def test_trouble_does_not_stop_an_answer_to_a_theft(desk: Desk, fault: dict[str, Any]) -> None:
    desk.fault(**fault)
    assert at(desk.guide.begin(Mode.IN_PLACE, compromised=True)) == (State.PLANNED, Need.RETRY)
    new = desk.hub.regenerate_token(desk.app.id).access_token
    desk.click("DELETE", "/faults")
    assert at(desk.guide.go_on()) == (State.REVOKED, Need.SECRET)
    desk.guide.go_on(Offer(secret=new))
    assert at(desk.guide.go_on(READERS)) == (State.DONE, None)


@pytest.mark.parametrize("code", ["token_unauthorized", "token_blocked", "something_new"])
def test_a_refusal_that_means_something_else_needs_a_person(desk: Desk, code: str) -> None:
    desk.to_confirmed()
    desk.click("PUT", "/behaviours", revoked_code=code)
    desk.hub.uninstall(desk.app.id)
    standing = desk.guide.go_on()
    assert at(standing) == (State.NEEDS_HUMAN, Need.DECISION)
    assert code in standing.entry.reason
    desk.click("PUT", "/behaviours", revoked_code="token_revoked")
    assert at(desk.guide.go_on()) == (State.DONE, None)


def test_a_suspended_app_is_not_a_dead_key(desk: Desk) -> None:
    desk.to_confirmed()
    desk.click("PUT", f"/apps/{desk.app.id}", suspended=True)
    assert at(desk.guide.go_on()) == (State.NEEDS_HUMAN, Need.DECISION)


def test_an_address_off_the_allowlist_is_not_a_dead_key(desk: Desk) -> None:
    desk.to_confirmed()
    desk.click("PUT", "/ip_allowlist", enabled=True, ip_allowlist=["192.0.2.1"])
    assert at(desk.guide.go_on()) == (State.NEEDS_HUMAN, Need.DECISION)


def test_a_stranger_s_change_of_the_store_stops_the_swap(desk: Desk) -> None:
    desk.guide.begin(Mode.OVERLAP)
    desk.env_file.write_text(f"INTERCOM_ACCESS_TOKEN={'x' * 40}\n")
    standing = desk.guide.go_on(desk.second_app())
    assert at(standing) == (State.NEEDS_HUMAN, Need.DECISION)
    assert desk.in_file() == "x" * 40
