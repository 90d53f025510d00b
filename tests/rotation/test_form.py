"""The form does what the command line does, and keeps no key."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from helpers.core.policy import ConsumerPolicy, Policy, RotationPolicy
from helpers.core.settings import Profile
from helpers.rotation.form import RotationForm
from helpers.rotation.session import open_ledger
from helpers.rotation.transitions import Mode
from tests.rotation.conftest import SCOPES, Desk, guide_of


@pytest.fixture
def form(make_desk: Callable[..., Desk]) -> tuple[Desk, RotationForm]:
    desk = make_desk()
    form = RotationForm(desk)
    form._form()
    return desk, form


def said(form: RotationForm) -> str:
    return str(form._widgets["said"].value)


def press(form: RotationForm, action: Callable[[], None]) -> str:
    form._run(action)
    return said(form)


def sure(form: RotationForm) -> RotationForm:
    form._widgets["sure"].value = True
    return form


def offered(form: RotationForm) -> dict[str, tuple[str, bool]]:
    """The buttons that are seen: their style, and whether they can be clicked."""
    buttons = [form._widgets[name] for name in ("next", "check", "cancel")]
    seen = [button for button in buttons if button.layout.display != "none"]
    return {button.description: (button.button_style, not button.disabled) for button in seen}


def fields(form: RotationForm) -> set[str]:
    """The fields that are seen."""
    names = ("key", "mode", "stolen", "secret", "confirm", "sure")
    return {name for name in names if form._widgets[name].layout.display != "none"}


def test_it_offers_the_one_next_action_and_nothing_after_the_end(
    form: tuple[Desk, RotationForm],
) -> None:
    desk, it = form
    assert offered(it) == {"Start": ("primary", True), "Check only": ("", True)}
    assert fields(it) == {"key", "mode", "stolen"}
    press(it, it.proceed)
    assert offered(it) == {"Resume": ("primary", True), "Cancel": ("", True)}
    assert fields(it) == {"key", "secret"}
    offer = desk.second_app()
    assert offer.secret is not None
    it._widgets["secret"].value = offer.secret.get_secret_value()
    press(it, it.proceed)
    assert fields(it) == {"key", "confirm"}
    it._widgets["confirm"].value = True
    press(it, it.proceed)
    assert offered(it) == {"Resume": ("danger", False), "Cancel": ("", True)}
    assert fields(it) == {"key", "sure"}
    desk.hub.uninstall(desk.app.id)
    assert "Nothing was done" in press(it, it.proceed)
    sure(it)
    assert offered(it)["Resume"] == ("danger", True)
    assert "is at DONE" in press(it, it.proceed)
    assert offered(it) == {}
    assert fields(it) == set()


def test_after_a_way_back_a_new_rotation_can_start(form: tuple[Desk, RotationForm]) -> None:
    _, it = form
    press(it, it.proceed)
    press(it, it.cancel)
    assert offered(it) == {"Start": ("primary", True), "Check only": ("", True)}


def test_what_the_api_deletes_at_once_has_to_be_confirmed(
    make_desk: Callable[..., Desk],
) -> None:
    desk = make_desk()
    guide_of(desk, "INTERCOM_IDENTITY_SECRET", secrets.token_hex(16))
    it = RotationForm(desk)
    it._form()
    it._widgets["key"].value = "INTERCOM_IDENTITY_SECRET"
    assert offered(it)["Start"] == ("primary", True)
    it._widgets["stolen"].value = True
    assert offered(it)["Start"] == ("danger", False)
    assert "Nothing was done" in press(it, it.start)
    assert it._guide().status() is None


@pytest.mark.parametrize(("by_itself", "warned"), [(True, True), (False, False)])
def test_where_no_person_is_asked_later_the_warning_comes_at_once(
    make_desk: Callable[..., Desk], tmp_path: Path, by_itself: bool, warned: bool
) -> None:
    reports = str(tmp_path / "reported") if by_itself else ""
    variable = "INTERCOM_IDENTITY_SECRET"
    server = ConsumerPolicy(name="server", variable=variable, fingerprint_file=reports)
    desk = make_desk(policy=Policy(rotation=RotationPolicy(consumers=(server,))))
    guide = guide_of(desk, variable, secrets.token_hex(16))
    with open_ledger(desk.context) as ledger:
        entry = ledger.open(
            variable=variable,
            kind="identity_secret",
            mode=Mode.OVERLAP,
            store="x",
            old_fingerprint="x",
            evidence={},
        )
    assert bool(guide.point_of_no_return(entry)) is warned


def test_it_leads_from_the_plan_to_the_end(form: tuple[Desk, RotationForm]) -> None:
    desk, it = form
    assert "THIS CAN" in said(it)
    assert "The rotation can start" in press(it, it.check)
    assert "second private app" in press(it, it.start)
    offer = desk.second_app()
    assert offer.secret is not None
    it._widgets["secret"].value = offer.secret.get_secret_value()
    assert "is at SWAPPED" in press(it, it.resume)
    assert it._widgets["secret"].value == ""
    it._widgets["confirm"].value = True
    assert "is at CONFIRMED" in press(it, it.resume)
    desk.hub.uninstall(desk.app.id)
    assert "is at DONE" in press(sure(it), it.resume)
    assert offer.secret.get_secret_value() not in state_of(it)


def test_it_stands_where_the_rotation_stands_after_a_restart(
    form: tuple[Desk, RotationForm],
) -> None:
    desk, it = form
    press(it, it.start)
    again = RotationForm(desk)
    again._form()
    assert "is at PLANNED" in said(again)
    assert "Resume" in said(again)


def test_it_gives_up(form: tuple[Desk, RotationForm]) -> None:
    _, it = form
    press(it, it.start)
    assert "is at ABORTED" in press(it, it.cancel)


def test_a_key_that_is_refused_is_cleared_too(form: tuple[Desk, RotationForm]) -> None:
    desk, it = form
    press(it, it.start)
    it._widgets["secret"].value = desk.token
    assert "in use now" in press(it, it.resume)
    assert it._widgets["secret"].value == ""
    assert desk.token not in state_of(it)


def test_nobody_vouches_for_what_was_not_asked(form: tuple[Desk, RotationForm]) -> None:
    desk, it = form
    press(it, it.start)
    assert it._widgets["confirm"].disabled
    offer = desk.second_app()
    assert offer.secret is not None
    it._widgets["confirm"].value = True
    it._widgets["secret"].value = offer.secret.get_secret_value()
    assert "is at SWAPPED" in press(it, it.resume)
    assert it._widgets["confirm"].description == "I confirm: readers"
    assert not it._widgets["confirm"].value


def test_a_client_secret_goes_the_whole_way_by_what_a_person_vouches_for(
    make_desk: Callable[..., Desk],
) -> None:
    desk = make_desk()
    guide_of(desk, "INTERCOM_CLIENT_SECRET", secrets.token_hex(16))
    it = RotationForm(desk)
    it._form()
    it._widgets["key"].value = "INTERCOM_CLIENT_SECRET"
    assert it._widgets["mode"].options == ("in-place",)
    assert "every webhook receiver accept two secrets" in said(it)
    press(it, it.start)
    it._widgets["secret"].value = secrets.token_hex(16)
    assert "is at STAGED" in press(it, it.resume)
    for state in ("SWAPPED", "CONFIRMED", "DONE"):
        if it._widgets["confirm"].disabled:  # the withdrawal is asked for first
            press(it, it.resume)
        it._widgets["confirm"].value = True
        assert f"is at {state}" in press(sure(it), it.resume)


def test_without_any_key_it_says_how_to_get_one(
    make_desk: Callable[..., Desk],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    desk = make_desk()
    desk.context.settings = replace(desk.context.settings, values={}, origins={})
    monkeypatch.setenv("JPY_SESSION_NAME", "03.ipynb")
    RotationForm(desk)._ipython_display_()
    assert "runbook init" in capsys.readouterr().out


def test_an_error_is_a_sentence(form: tuple[Desk, RotationForm]) -> None:
    _, it = form
    assert "No rotation of INTERCOM_ACCESS_TOKEN is open" in press(it, it.resume)


def test_in_the_sandbox_the_hub_makes_the_key(make_desk: Callable[..., Desk]) -> None:
    it = RotationForm(make_desk(Profile.SANDBOX))
    it._form()
    assert "Sandbox" in press(it, it.start)
    assert "is at SWAPPED" in press(it, it.resume)
    it._widgets["confirm"].value = True
    assert "is at DONE" in press(sure(it), it.resume)


@pytest.mark.parametrize("variable", ["INTERCOM_READ_TOKEN", "INTERCOM_IDENTITY_SECRET"])
def test_in_the_sandbox_every_key_can_be_rehearsed(
    make_desk: Callable[..., Desk], variable: str
) -> None:
    desk = make_desk(Profile.SANDBOX)
    scopes = [*SCOPES, "read_secure_mode_secret", "write_secure_mode_secret"]
    desk.click("PUT", f"/apps/{desk.app.id}", scopes=scopes)
    guide_of(desk, variable, secrets.token_hex(16))
    before = desk.env_file.read_text()
    it = RotationForm(desk)
    it._form()
    it._widgets["key"].value = variable
    press(it, it.start)
    press(it, it.resume)
    it._widgets["confirm"].value = True
    assert "is at DONE" in press(sure(it), it.resume)
    assert desk.env_file.read_text() == before


def test_outside_jupyterlab_it_is_a_sentence(
    form: tuple[Desk, RotationForm], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert "runbook rotate access-token" in repr(form[1])


def test_after_a_change_of_the_choices_a_click_turns_to_the_other_workspace(
    form: tuple[Desk, RotationForm], make_desk: Callable[..., Desk]
) -> None:
    desk, it = form
    other = make_desk(Profile.STAGING, name="other")
    step = desk_like(desk)
    it = RotationForm(step)
    it._form()
    step.context = other.context
    it._widgets["secret"].value = "pasted for the first one"
    assert "The choices have changed: this is now staging." in press(it, it.start)
    assert it._widgets["secret"].value == ""
    assert desk.guide.status() is None
    assert other.guide.status() is None
    press(it, it.start)
    assert desk.guide.status() is None
    assert other.guide.status() is not None


def desk_like(desk: Desk) -> Any:
    """A step whose context the form of the notebook changes."""
    return SimpleNamespace(context=desk.context)


def state_of(form: RotationForm) -> str:
    """All that the widgets would save."""
    widgets: dict[str, Any] = form._widgets
    return str([widget.get_state() for widget in widgets.values()])
