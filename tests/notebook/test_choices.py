"""Choices stay as long as the kernel, and every output says what it is about."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from helpers.auditlog.form import open_review
from helpers.core.errors import RunbookError, UsageError
from helpers.core.model import CodeState, Report, Status, StepResult, Subject
from helpers.core.view import prose
from helpers.notebook import parameters
from helpers.notebook.checklist import Checklist
from helpers.notebook.guide import StepState, auditing_in, progress
from helpers.notebook.kernel_messages import message_for
from helpers.notebook.live_view import LiveView
from helpers.notebook.overview import open_start
from helpers.notebook.parameters import Choices, choose
from helpers.notebook.session import open_step
from tests.report.samples import finding


@pytest.fixture
def _at_a_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "notebooks/01_environment_setup.ipynb")
    monkeypatch.setattr(parameters, "_LAST", {})


@pytest.mark.usefixtures("_at_a_form")
def test_running_the_cell_again_keeps_what_the_form_says() -> None:
    choose("sandbox").change("profile", "production")
    assert choose("sandbox").profile == "production"


@pytest.mark.usefixtures("_at_a_form")
def test_edited_parameters_win_over_the_form() -> None:
    choose("sandbox").change("profile", "production")
    assert choose("staging").profile == "staging"


def test_elsewhere_the_parameters_are_used_as_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    choose("sandbox").change("profile", "production")
    assert choose("sandbox").profile == "sandbox"


def test_an_output_is_out_of_date_while_the_choices_differ() -> None:
    choices = Choices()
    shown = LiveView(prose("Seen."), choices, Choices())
    assert shown.current.text == "Seen."
    choices.change("profile", "production")
    assert shown.current.text.startswith("OUT OF DATE.")
    choices.change("profile", "sandbox")
    assert shown.current.text == "Seen."


@pytest.mark.usefixtures("_at_a_form")
def test_a_displayed_output_follows_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    updates: list[Any] = []

    class Handle:
        def update(self, view: Any) -> None:
            updates.append(view.text)

    monkeypatch.setattr("IPython.display.display", lambda *_, **__: Handle())
    choices = Choices()
    LiveView(prose("Seen."), choices, Choices())._ipython_display_()
    choices.change("repo", "/elsewhere")
    assert len(updates) == 1
    assert updates[0].startswith("OUT OF DATE.")


@pytest.mark.usefixtures("_at_a_form")
def test_an_output_that_is_out_of_date_is_run_again_in_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(
        "IPython.display.display", lambda *_, **__: SimpleNamespace(update=seen.append)
    )
    choices = Choices()

    def again() -> LiveView:
        if choices.profile == "staging":
            raise UsageError("There is no staging.", "Choose another one.")
        return LiveView(prose(f"Of {choices.profile}."), choices, replace(choices), again)

    again()._ipython_display_()
    choices.change("profile", "staging")
    press(seen[-1])
    assert "There is no staging." in seen[-1].text
    choices.change("profile", "production")
    press(seen[-1])
    assert seen[-1].text == "Of production."
    choices.change("profile", "sandbox")
    assert "Of production." in seen[-1].children[1].value


def press(shown: Any) -> None:
    """Click the button of an output that is out of date."""
    shown.children[0].click()


def test_what_a_step_runs_again_is_of_the_choices_of_then(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path / "state"))
    choices = Choices("production", repo=str(repo))
    step = open_step("environment", choices)
    with step._closing:
        views = (step.calls(), step.show("overview"), step.judge())
        choices.change("profile", "staging")
        for view in views:
            again = view.__dict__["_again"]()
            assert again.text.startswith("Auditing: staging")
            assert not again.out_of_date
    assert step.close().__dict__["_again"] is None


def test_every_output_of_a_step_says_what_is_audited() -> None:
    step = open_step("environment", Choices())
    for view in (step.calls(), step.collect(), step.show("env_files"), step.judge()):
        assert view.text.startswith("Auditing: sandbox (the demo) · repository acme-support")
    with ExitStack() as closing:
        closing.callback(step.finish)


def test_the_strip_leads_to_the_notebooks_before_and_after() -> None:
    assert "Notebook 4 of 10" in progress("03_secret_rotation").text
    html = progress("03_secret_rotation").html
    assert '"02_secret_exposure.ipynb">← 02' in html
    assert '"04_scope_review.ipynb">04 · Scope review →' in html
    assert "←" not in progress("00_start_here").text
    assert "→" not in progress("09_security_checklist").text


def test_the_strip_shows_how_each_step_ended() -> None:
    known = {"03_secret_rotation": StepState.FAILS, "04_scope_review": StepState.DONE}
    strip = progress("04_scope_review", known)
    assert strip.text.startswith("Notebook 5 of 10. 03 fails, 04 done. ←")
    assert '<a href="03_secret_rotation.ipynb"><span' in strip.html
    assert "01 " not in strip.text


def test_a_step_that_ends_says_whether_a_check_fails() -> None:
    step = open_step("environment", Choices())
    step.collect()
    assert "01 fails" in step.close().text
    assert StepState.of(step.findings) is StepState.FAILS


def test_a_step_of_which_nothing_was_collected_is_not_done() -> None:
    assert "01 not run" in open_step("environment", Choices()).close().text


def test_the_first_notebook_says_what_is_audited_too() -> None:
    start = open_start(Choices())
    for view in (start.variables(), start.steps(), start.last_run(), start.close()):
        assert view.text.startswith("Auditing: sandbox (the demo) · repository acme-support")


def test_the_last_notebook_says_what_was_audited_and_how_each_step_ended() -> None:
    titles = (("environment", True), ("exposure", True), ("rotation", False))
    report = Report(
        tool_version="0",
        profile="shop-eu",
        generated_at=datetime(2026, 3, 2, tzinfo=UTC),
        steps=tuple(StepResult(step=s, title=s, completed=done) for s, done in titles),
        findings=(finding(step="exposure", status=Status.FAIL),),
        subject=Subject(
            profile="shop-eu", environment="staging", repository=CodeState(name="acme")
        ),
    )
    about = auditing_in(report)
    assert about == "Auditing: shop-eu (staging) · repository acme"
    assert auditing_in(report.model_copy(update={"subject": None})) == "Auditing: shop-eu"
    last = Checklist(report, about, Choices())
    assert last.coverage().text.startswith(about)
    assert "01 done, 02 fails, 03 not run" in last.close().text


@pytest.mark.usefixtures("_at_a_form")
def test_the_second_cell_turns_the_messages_on(monkeypatch: pytest.MonkeyPatch) -> None:
    handled: list[tuple[type[BaseException], ...]] = []
    shell = SimpleNamespace(set_custom_exc=lambda kinds, _: handled.append(kinds))
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: shell)
    choose("sandbox")
    assert handled == [(NameError, RunbookError)]


def test_a_cell_run_too_early_names_the_cells_that_come_first() -> None:
    said = message_for(NameError("", name="step"))
    assert said
    assert "Run the first two cells" in said.text
    assert message_for(NameError("", name="something_else")) is None


def test_a_choice_that_can_not_be_used_comes_with_its_advice() -> None:
    said = message_for(UsageError("There is no profile 'x'.", "Use sandbox."))
    assert said
    assert "Use sandbox." in said.text


def test_a_step_follows_the_choices_to_another_workspace(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The forms of a step act on its context, which is that of the workspace chosen now."""
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path / "state"))
    file = tmp_path / "workspaces.toml"
    file.write_text('[shop-eu]\nenvironment = "staging"\nsecrets = "environment:SHOP_EU_"\n')
    monkeypatch.setenv("RUNBOOK_WORKSPACES", str(file))
    choices = Choices("production", repo=str(repo))
    step = open_step("environment", choices)
    with step._closing:
        first, seen = step.context, step.snapshot
        choices.change("profile", "shop-eu")
        assert step.context is step.context
        assert step.context is not first
        assert step.context.settings.name == "shop-eu"
        assert step.context.state == tmp_path / "state" / "shop-eu"
        assert step.snapshot is not seen
        assert step.snapshot.profile == "shop-eu"
        assert step.show("overview").text.startswith("Auditing: shop-eu (staging) · repository")
        choices.change("profile", "nobody")
        with pytest.raises(UsageError, match="nobody"):
            _ = step.context


def test_what_another_workspace_answered_is_not_signed_for(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path / "state"))
    choices = Choices("production", repo=str(repo))
    step = open_step("auditlog", choices)
    form = open_review(step)
    form._widgets["seen"] = SimpleNamespace(value=True)
    choices.change("profile", "staging")
    with pytest.raises(UsageError, match="nothing was signed"):
        form.sign()
    step._closing.close()
    assert not (tmp_path / "state").exists()


@pytest.mark.usefixtures("_at_a_form")
def test_the_form_offers_the_workspaces_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "workspaces.toml"
    file.write_text('[shop-eu]\nenvironment = "staging"\n')
    monkeypatch.setenv("RUNBOOK_WORKSPACES", str(file))
    offered = parameters._form(Choices()).children[0].options
    assert offered == ("sandbox", "development", "staging", "production", "shop-eu")
    file.write_text("broken")
    assert "odd" in parameters._form(Choices("odd")).children[0].options
