from __future__ import annotations

from collections.abc import Callable

import pytest

from helpers.model import Cause, Unavailable
from helpers.rotation.act import act, rehearse
from helpers.rotation.transitions import ORDER, Mode
from helpers.settings import Profile
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
        assert client.me()["type"] == "admin"


def test_a_real_profile_begins_nothing(desk: Desk) -> None:
    found = act(desk.context)
    assert isinstance(found, Unavailable)
    assert found.cause is Cause.OFF
    assert not (desk.context.state / "state.db").exists()
