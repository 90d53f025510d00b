"""A rotation as a person goes through it on a real profile: ways, exits, people, what is kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from helpers.core.errors import LockedError, RunbookError, UsageError
from helpers.core.model import fingerprint
from helpers.core.policy import ConsumerPolicy, Policy, RotationPolicy
from helpers.rotation.context import Need
from helpers.rotation.procedure import OperatorInput
from helpers.rotation.session import open_ledger, open_session, rotation_lock
from helpers.rotation.transitions import Mode, State
from helpers.rotation.verification import NO_WIDER, OLD_REVOKED
from tests.rotation.conftest import READERS, Desk, at


def mark(token: SecretStr) -> str:
    return fingerprint("access_token", token.get_secret_value())


def test_overlap_waits_for_the_key_then_the_consumers_then_the_click(desk: Desk) -> None:
    guide = desk.guide
    assert at(guide.start(Mode.OVERLAP)) == (State.PLANNED, Need.SECRET)
    offer = desk.second_app()
    assert at(guide.resume(offer)) == (State.SWAPPED, Need.CONFIRMATION)
    assert offer.secret is not None
    assert desk.in_file() == offer.secret.get_secret_value()
    assert at(guide.resume(READERS)) == (State.CONFIRMED, Need.CLICK)
    desk.hub.uninstall(desk.app.id)
    assert at(guide.resume()) == (State.DONE, None)
    assert sorted(path.name for path in desk.env_file.parent.iterdir()) == [".env"]


def test_in_place_needs_no_second_click(desk: Desk) -> None:
    guide = desk.guide
    guide.start(Mode.IN_PLACE)
    new = desk.hub.regenerate_token(desk.app.id).access_token
    guide.resume(OperatorInput(secret=new))
    assert at(guide.resume(READERS)) == (State.DONE, None)


def test_a_stolen_key_dies_before_it_is_replaced(desk: Desk) -> None:
    guide = desk.guide
    assert at(guide.start(Mode.IN_PLACE, compromised=True)) == (State.PLANNED, Need.CLICK)
    new = desk.hub.regenerate_token(desk.app.id).access_token
    assert at(guide.resume()) == (State.REVOKED, Need.SECRET)
    guide.resume(OperatorInput(secret=new))
    assert at(guide.resume(READERS)) == (State.DONE, None)
    names = [event.name for event in guide.history()]
    assert "gap" in names
    assert names.index("REVOKED") < names.index("STAGED")


def test_a_key_that_is_dead_already_can_only_be_replaced_as_compromised(desk: Desk) -> None:
    new = desk.hub.regenerate_token(desk.app.id).access_token
    with pytest.raises(UsageError, match="--compromised"):
        desk.guide.start(Mode.IN_PLACE)
    stolen = desk.guide.start(Mode.IN_PLACE, compromised=True)
    assert at(stolen) == (State.PLANNED, Need.CLICK)
    assert stolen.pause
    assert stolen.pause.attestable == (OLD_REVOKED,)
    assert at(desk.guide.resume()) == (State.PLANNED, Need.CLICK), "two refusals prove nothing"
    confirmed = OperatorInput(attested=frozenset({OLD_REVOKED}))
    assert at(desk.guide.resume(confirmed)) == (State.REVOKED, Need.SECRET)
    unseen = desk.guide.resume(OperatorInput(secret=new))
    assert at(unseen) == (State.STAGED, Need.CLICK), "the old key's scopes were never seen"
    desk.guide.resume(OperatorInput(attested=frozenset({NO_WIDER})))
    assert at(desk.guide.resume(READERS)) == (State.DONE, None)


# --- giving up and going back ---


def test_aborting_forgets_the_new_key(desk: Desk) -> None:
    desk.guide.start(Mode.OVERLAP)
    desk.guide.resume(desk.second_app("read_conversations"))
    assert at(desk.guide.abort()) == (State.ABORTED, None)
    assert [path.name for path in desk.env_file.parent.iterdir()] == [".env"]
    assert desk.in_file() == desk.token


def test_in_place_can_t_be_aborted_once_the_old_key_is_dead(desk: Desk) -> None:
    desk.guide.start(Mode.IN_PLACE)
    desk.hub.regenerate_token(desk.app.id)
    with pytest.raises(UsageError, match="Continue with --resume"):
        desk.guide.abort()


def test_a_swap_is_rolled_back_while_the_old_key_is_alive(desk: Desk) -> None:
    desk.guide.start(Mode.OVERLAP)
    desk.guide.resume(desk.second_app())
    with pytest.raises(UsageError, match="too late"):
        desk.guide.abort()
    assert at(desk.guide.roll_back()) == (State.ROLLED_BACK, None)
    assert desk.in_file() == desk.token
    assert [path.name for path in desk.env_file.parent.iterdir()] == [".env"]


def test_a_dead_key_is_not_rolled_back_to(desk: Desk) -> None:
    desk.guide.start(Mode.OVERLAP)
    offer = desk.second_app()
    desk.guide.resume(offer)
    desk.hub.uninstall(desk.app.id)
    with pytest.raises(UsageError, match="Continue with --resume"):
        desk.guide.roll_back()
    assert offer.secret is not None
    assert desk.in_file() == offer.secret.get_secret_value()


def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    assert "200" in desk.guide.dry_run()
    assert desk.guide.status() is None
    assert [path.name for path in desk.env_file.parent.iterdir()] == [".env"]


# --- two people ---


def test_a_second_operator_is_told_who_began(desk: Desk) -> None:
    desk.guide.start(Mode.OVERLAP)
    with pytest.raises(LockedError, match=r"@.*opened it on 2026-05-18"):
        desk.guide.start(Mode.IN_PLACE)


def test_a_second_operator_is_told_who_is_at_work(desk: Desk) -> None:
    desk.guide.start(Mode.OVERLAP)
    with (
        rotation_lock(desk.context.state, "INTERCOM_ACCESS_TOKEN", "ada@desk"),
        pytest.raises(LockedError, match="ada@desk is working"),
    ):
        desk.guide.resume()


def test_of_two_that_begin_at_once_one_wins(desk: Desk) -> None:
    def begin(_: int) -> str:
        try:
            return str(desk.guide.start(Mode.OVERLAP).entry.state)
        except LockedError:
            return "told"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(begin, range(2))) == ["PLANNED", "told"]


# --- consumers ---


def test_consumers_confirm_by_fingerprint(make_desk: Callable[..., Desk], tmp_path: Path) -> None:
    report = tmp_path / "billing.fp"
    rules = RotationPolicy(
        consumers=(
            ConsumerPolicy(name="billing", fingerprint_file=str(report)),
            ConsumerPolicy(name="sync"),
            ConsumerPolicy(name="elsewhere", variable="INTERCOM_READ_TOKEN"),
        )
    )
    desk = make_desk(policy=Policy(rotation=rules))
    desk.guide.start(Mode.OVERLAP)
    offer = desk.second_app()
    assert offer.secret is not None
    report.write_text(fingerprint("access_token", desk.token))
    status = desk.guide.resume(offer)
    assert status.pause is not None
    assert [line.partition(":")[0] for line in status.pause.lines] == ["billing", "sync"]
    status = desk.guide.resume(OperatorInput(attested=frozenset({"sync", "billing"})))
    assert at(status) == (State.SWAPPED, Need.CONFIRMATION), "nobody vouches for a file"
    report.write_text(f'{{"intercom": "{mark(offer.secret)}"}}')
    assert desk.guide.resume().entry.state is State.CONFIRMED
    how = {e.name: e.detail["how"] for e in desk.guide.history() if e.what == "confirmation"}
    assert how == {"billing": "file", "sync": "attested"}


# --- what is kept ---


def test_no_secret_reaches_ledger_lock_or_leftovers(desk: Desk) -> None:
    desk.to_confirmed()
    new = desk.in_file()
    desk.hub.uninstall(desk.app.id)
    desk.guide.resume()
    for path in desk.context.state.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert desk.token.encode() not in content
        assert new.encode() not in content


def test_the_ledger_tells_who_did_what_when(desk: Desk) -> None:
    desk.to_confirmed()
    desk.hub.uninstall(desk.app.id)
    desk.guide.resume()
    history = desk.guide.history()
    assert {event.at for event in history} == {"2026-05-18T09:00:00Z"}
    assert all("@" in event.actor for event in history)
    intents = [event.name for event in history if event.what == "intent"]
    assert intents == ["mint", "stage", "swap", "withdraw", "delete the old key"]
    proof = next(e for e in reversed(history) if e.name == "old key dead")
    assert [seen["code"] for seen in proof.detail["old"]] == ["token_revoked"] * 2
    assert proof.detail["control"]["status"] == 200


def test_a_pending_key_from_elsewhere_stops_a_beginning(desk: Desk) -> None:
    with open_session(desk.context, "INTERCOM_ACCESS_TOKEN") as session:
        session.engine.store.stage(SecretStr("y" * 40), "elsewhere")
    with pytest.raises(RunbookError, match="Another machine"):
        desk.guide.start(Mode.OVERLAP)
    with open_ledger(desk.context) as ledger:
        assert ledger.entries() == ()


def test_a_key_from_the_environment_can_t_be_rotated_there(desk: Desk) -> None:
    desk.context.settings.origins["INTERCOM_ACCESS_TOKEN"] = "environment"  # type: ignore[index]
    with pytest.raises(RunbookError, match="comes from the environment"):
        desk.guide.dry_run()


def test_the_lock_of_a_killed_process_is_free(desk: Desk) -> None:
    pid = os.fork()
    if pid == 0:
        with rotation_lock(desk.context.state, "INTERCOM_ACCESS_TOKEN", "dead"):
            os._exit(9)
    os.waitpid(pid, 0)
    assert desk.guide.start(Mode.OVERLAP).entry.state is State.PLANNED


def test_every_move_of_a_rotation_is_told_to_the_audit_log(desk: Desk) -> None:
    told: list[tuple[str, str]] = []

    def record(action: str, **said: Any) -> None:
        told.append((said["from"], said["state"]))
        assert action == "runbook.rotation.move"
        assert desk.token not in repr(said)

    desk.context.record = record
    desk.guide.start(Mode.OVERLAP)
    desk.guide.abort()
    assert told == [("", "PLANNED"), ("PLANNED", "ABORTED")]
