"""The offer in notebook 01: shown to everybody, made by a person's click and by nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpers.core.context import Context
from helpers.core.policy import Policy
from helpers.core.redaction import Redactor
from helpers.core.settings import VARIABLES, Profile, load_settings
from helpers.environment.form import SetupForm, open_setup, planned
from helpers.environment.setup import IGNORED, apply, plan
from tests.conftest import run_git


@dataclass
class Step:
    """An opened step; the form of the notebook may turn it to another repository."""

    context: Context


def form_of(repo: Path) -> SetupForm:
    return SetupForm(Step(context_of(repo)))


def context_of(repo: Path) -> Context:
    settings = load_settings(Profile.PRODUCTION, repo, environ={})
    clock = lambda: datetime(2026, 3, 2, tzinfo=UTC)  # noqa: E731 (one line says it)
    return Context(settings, Policy(), Redactor(), repo, repo, clock)


def pressed(form: SetupForm) -> str:
    box = form._form()
    box.children[1].click()
    assert box.children[1].disabled
    return str(box.children[0].value)


def files_in(repo: Path) -> set[str]:
    return {path.name for path in repo.iterdir() if path.name != ".git"}


def test_without_a_person_the_change_is_shown_and_never_made(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[object] = []
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setattr("IPython.display.display", shown.append)
    form_of(repo)._ipython_display_()
    (view,) = shown
    for line in (*IGNORED, *(f"{variable.name}=" for variable in VARIABLES)):
        assert f"+ {line}" in str(view)
    assert "Nothing was written" in str(view)
    assert files_in(repo) == set()


def test_in_jupyterlab_looking_writes_nothing_and_a_click_makes_what_is_shown(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "notebooks/01.ipynb")
    shown: list[object] = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    form = form_of(repo)
    form._ipython_display_()
    assert files_in(repo) == set()
    said = pressed(form)
    assert "Done: .env.example, .gitignore." in said
    assert plan(repo) == ()


def test_a_repository_that_needs_nothing_has_nothing_to_press(repo: Path) -> None:
    apply(plan(repo))
    form = form_of(repo)
    assert form._form().children[1].disabled
    assert "need no change" in form.view().text


def test_a_file_that_was_changed_since_it_was_shown_stays(repo: Path) -> None:
    form = form_of(repo)
    box = form._form()
    (repo / ".gitignore").write_text("mine\n")
    box.children[1].click()
    assert ".gitignore was changed meanwhile" in box.children[0].value
    assert (repo / ".gitignore").read_text() == "mine\n"


def test_a_file_that_can_not_be_read_is_told(repo: Path) -> None:
    (repo / ".gitignore").write_bytes(b"\xff\xfe")
    form = form_of(repo)
    assert ".gitignore can't be read" in form.view().text
    assert form._form().children[1].disabled


def test_what_stands_in_a_file_is_not_shown(repo: Path, access_token: str) -> None:
    (repo / ".env.example").write_text(f"INTERCOM_ACCESS_TOKEN={access_token}")
    (repo / ".gitignore").write_text("<script>alert(1)</script>")
    view = form_of(repo).view()
    assert access_token not in view.text + str(view.html)
    assert "script" not in str(view.html)
    assert "+ INTERCOM_READ_TOKEN=" in view.text


def test_names_from_outside_are_escaped(tmp_path: Path) -> None:
    from helpers.environment.setup import FileChange

    odd = FileChange(tmp_path / "<b>\u202e", "", "<script>\x1b[31m\n")
    view = planned((odd,))
    assert "<script" not in str(view.html)
    assert "<b>" not in str(view.html)
    assert "\x1b" not in view.text + str(view.html)


def test_the_notebook_opens_it_from_the_step(repo: Path) -> None:
    assert isinstance(open_setup(Step(context_of(repo))), SetupForm)


def test_after_a_change_of_the_choices_nobody_writes_what_was_not_shown(
    repo: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    run_git(other, "init", "-q")
    (other / ".gitignore").write_text("".join(f"{rule}\n" for rule in IGNORED))
    step = Step(context_of(repo))
    form = SetupForm(step)
    box = form._form()
    step.context = context_of(other)
    box.children[1].click()
    assert "The choices have changed" in box.children[0].value
    assert ".gitignore" not in box.children[0].value
    assert files_in(repo) == set()
    assert files_in(other) == {".gitignore"}
    box.children[1].click()
    assert "Done: .env.example." in box.children[0].value
    assert files_in(repo) == set()
    assert files_in(other) == {".gitignore", ".env.example"}
