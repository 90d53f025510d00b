from __future__ import annotations

from collections.abc import Callable

import pytest

from helpers.core.model import Cause, Unavailable
from helpers.core.policy import Acts, Policy
from helpers.core.settings import Profile
from helpers.rotation.action import act, rehearse
from helpers.rotation.records import RotationRehearsal
from helpers.rotation.session import rotation_lock
from helpers.rotation.transitions import ORDER, Mode
from tests.rotation.conftest import Desk


@pytest.mark.parametrize("mode", Mode)
def test_a_rehearsal_goes_the_whole_way(make_desk: Callable[..., Desk], mode: Mode) -> None:
    desk = make_desk(Profile.SANDBOX)
    done = rehearse(desk.context, mode)
    assert tuple(step.state for step in done.steps) == ORDER[False]
    assert done.completed
    assert done.revocation is not None
    assert done.revocation.after == ("401 token_revoked", "401 token_revoked")
    assert done.revocation.control == 200


def test_a_rehearsal_is_the_same_in_every_workspace(make_desk: Callable[..., Desk]) -> None:
    one, two = (act(make_desk(Profile.SANDBOX, name=name).context) for name in ("one", "two"))
    assert one == two


def test_a_rehearsal_leaves_the_profile_s_own_key_alone(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(Profile.SANDBOX)
    before = desk.env_file.read_bytes()
    act(desk.context)
    assert desk.env_file.read_bytes() == before
    with desk.context.client as client:
        assert client.me().id


def test_a_real_profile_begins_nothing(desk: Desk) -> None:
    found = act(desk.context)
    assert isinstance(found, Unavailable)
    assert found.cause is Cause.OFF
    assert not (desk.context.state / "state.db").exists()


ALLOWED = Policy(acts=Acts(rotation=True))


def test_a_headless_run_goes_on_with_what_is_open(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(policy=ALLOWED)
    desk.to_confirmed()
    desk.hub.uninstall(desk.app.id)
    assert "INTERCOM_ACCESS_TOKEN is at DONE." in reason_of(act(desk.reopened().context))
    assert desk.guide.status() is None


def test_a_headless_run_says_what_a_rotation_waits_for(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(policy=ALLOWED)
    assert "No rotation is open" in reason_of(act(desk.context))
    desk.to_confirmed()
    assert "is at CONFIRMED and waits:" in reason_of(act(desk.reopened().context))


def reason_of(found: RotationRehearsal | Unavailable) -> str:
    assert isinstance(found, Unavailable)
    return found.reason


def test_a_headless_run_tells_what_keeps_a_rotation_from_going_on(
    make_desk: Callable[..., Desk],
) -> None:
    desk = make_desk(policy=ALLOWED)
    desk.guide.start(Mode.OVERLAP)
    with rotation_lock(desk.context.state, "INTERCOM_ACCESS_TOKEN", "ada@desk"):
        found = act(desk.context)
    assert isinstance(found, Unavailable)
    assert "could not continue: ada@desk is working" in found.reason
