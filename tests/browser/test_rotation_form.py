"""A person rotates a key in JupyterLab, and no file that JupyterLab writes holds it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from helpers.core.redaction import Redactor
from helpers.intercom.developer_hub import App, DeveloperHub
from helpers.sandbox import start
from tests.browser.lab import Lab, Notebook, start_lab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAME = "03_secret_rotation.ipynb"
SCOPES = ("read_single_admin", "read_admins", "read_tags")
PICTURES = os.environ.get("RUNBOOK_PICTURES")  # a folder for screenshots to look at


@dataclass
class Desk:
    """A development profile: an app in a workspace, and its token in an env file."""

    hub: DeveloperHub
    app: App
    env_file: Path


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with start(clock=None) as sandbox:
        hub = DeveloperHub(sandbox.hub("desk"))
        app = hub.create_app("Under test", SCOPES)
        env_file = tmp_path / "desk.env"
        env_file.write_text(
            f"INTERCOM_ACCESS_TOKEN={app.access_token.get_secret_value()}\n"
            f"INTERCOM_BASE_URL={sandbox.base_url('desk')}\n"
        )
        env_file.chmod(0o600)
        yield Desk(hub, app, env_file)


def test_a_key_is_rotated_across_a_restart_and_stands_in_no_file(
    browser: Browser, desk: Desk, tmp_path: Path
) -> None:
    folder = tmp_path / "lab"
    folder.mkdir()
    with start_lab(folder, widget_state=True) as lab:
        notebook = open_form(at_desk(browser, lab), desk)
        press(notebook, "Check only", "The rotation can start.")
        press(notebook, "Start", "second private app")
        new = desk.hub.create_app("Second", SCOPES).access_token.get_secret_value()
        field = notebook.panel.get_by_placeholder("paste it here")
        field.fill(new)
        notebook.save()  # as JupyterLab does by itself, at any moment
        redactor = redactor_of(new, desk.app.access_token.get_secret_value())
        assert leaks(lab, redactor) == {}
        picture(notebook, "pasted")
        press(notebook, "Resume", "is at SWAPPED")
        assert field.input_value() == ""
        notebook.save()

        notebook.restart()
        choose_desk(notebook, desk)
        says(notebook, "is at SWAPPED")
        press(notebook, "Resume", "then confirm it")  # nobody vouches for what was not asked
        confirm(notebook)
        press(notebook, "Resume", "is at CONFIRMED")
        picture(notebook, "confirmed")
        desk.hub.uninstall(desk.app.id)
        confirm_that_it_is_final(notebook)
        press(notebook, "Resume", "is at DONE")
        assert notebook.panel.locator(".jp-OutputArea button:visible").count() == 0
        picture(notebook, "done")
        notebook.save()
        notebook.close()

    assert list(redactor.leaks(desk.env_file.read_bytes()))  # where it belongs, it is found
    assert written_kinds(folder) >= {"notebook", "checkpoint", "ledger", "log"}
    assert "history" not in written_kinds(folder)  # IPython keeps no history here
    assert "is at DONE" in widgets_of(folder / "notebooks" / NAME)
    assert leaks(lab, redactor) == {}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with start_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


def test_in_the_sandbox_the_form_works_after_all_cells_ran(browser: Browser, lab: Lab) -> None:
    notebook = Notebook(at_desk(browser, lab), f"notebooks/{NAME}")
    notebook.run_all()
    press(notebook, "Start", "developer hub creates the key")
    picture(notebook, "sandbox")
    press(notebook, "Resume", "is at SWAPPED")
    confirm(notebook)
    confirm_that_it_is_final(notebook)
    press(notebook, "Resume", "is at DONE")
    notebook.close()


def test_every_mode_and_both_ways_back(browser: Browser, lab: Lab, desk: Desk) -> None:
    notebook = open_form(at_desk(browser, lab), desk)
    choose = notebook.panel.get_by_label("mode")
    tokens = [desk.app.access_token.get_secret_value()]

    press(notebook, "Start", "second private app")
    press(notebook, "Cancel", "is at ABORTED")
    says(notebook, "The key in use has not changed")
    picture(notebook, "aborted")

    press(notebook, "Start", "second private app")
    paste(notebook, desk.hub.create_app("Second", SCOPES), tokens)
    press(notebook, "Resume", "is at SWAPPED")
    press(notebook, "Cancel", "is at ROLLED_BACK")
    says(notebook, "Revoke the new one")
    picture(notebook, "rolled-back")

    choose.select_option("in-place")
    says(notebook, "assume that")
    picture(notebook, "in-place-plan")
    press(notebook, "Start", "THE OLD TOKEN MAY DIE AT THIS CLICK")
    paste(notebook, desk.hub.regenerate_token(desk.app.id), tokens)
    press(notebook, "Cancel", "Continue with --resume")
    press(notebook, "Resume", "is at SWAPPED")
    picture(notebook, "in-place-swapped")
    confirm(notebook)
    press(notebook, "Resume", "is at DONE")

    notebook.run("open_rotation(")
    choose.select_option("in-place")
    notebook.panel.get_by_label("the key is compromised: revoke it first").check()
    says(notebook, "YOU revoke the key NOW")
    picture(notebook, "compromised-plan")
    press(notebook, "Start", "Click Regenerate token NOW")
    stolen_again = desk.hub.regenerate_token(desk.app.id)
    press(notebook, "Resume", "Copy the token that you regenerated")
    says(notebook, "is at REVOKED")
    picture(notebook, "compromised-revoked")
    paste(notebook, stolen_again, tokens)
    press(notebook, "Resume", "is at SWAPPED")
    confirm(notebook)
    press(notebook, "Resume", "is at DONE")
    picture(notebook, "compromised-done")

    notebook.save()
    notebook.close()
    assert tokens[-1] in desk.env_file.read_text()
    assert leaks(lab, redactor_of(*tokens)) == {}


def at_desk(browser: Browser, lab: Lab) -> Page:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(f"{lab.url}/lab")
    page.wait_for_function("() => window.jupyterapp && jupyterapp.restored.then(() => true)")
    return page


def open_form(page: Page, desk: Desk) -> Notebook:
    notebook = Notebook(page, f"notebooks/{NAME}")
    choose_desk(notebook, desk)
    return notebook


def choose_desk(notebook: Notebook, desk: Desk) -> None:
    """Choose the profile in the form, and run what the rotation's form needs."""
    notebook.run_until("choices = choose(")
    notebook.panel.get_by_label("profile").select_option("development")
    file = notebook.panel.get_by_label("env_file")
    file.fill(str(desk.env_file))
    file.press("Tab")
    notebook.run("open_step(")
    notebook.run("open_rotation(")


def paste(notebook: Notebook, app: App, tokens: list[str]) -> None:
    tokens.append(app.access_token.get_secret_value())
    notebook.panel.get_by_placeholder("paste it here").fill(tokens[-1])


def confirm(notebook: Notebook) -> None:
    notebook.panel.get_by_label("I confirm: readers").check()


def confirm_that_it_is_final(notebook: Notebook) -> None:
    button = notebook.panel.get_by_role("button", name="Resume", exact=True)
    assert button.is_disabled()
    notebook.panel.get_by_label("I am sure").check()


def press(notebook: Notebook, button: str, answer: str) -> None:
    notebook.panel.get_by_role("button", name=button, exact=True).click()
    says(notebook, answer)


def says(notebook: Notebook, answer: str) -> None:
    notebook.panel.locator(".widget-html").get_by_text(answer).first.wait_for()


def redactor_of(*tokens: str) -> Redactor:
    redactor = Redactor()
    for token in tokens:
        redactor.register("access_token", token)
    return redactor


def leaks(lab: Lab, redactor: Redactor) -> dict[str, list[str]]:
    found = {str(path): list(redactor.leaks(path.read_bytes())) for path in lab.written()}
    return {path: labels for path, labels in found.items() if labels}


def written_kinds(folder: Path) -> set[str]:
    patterns = {
        "notebook": f"notebooks/{NAME}",
        "checkpoint": "notebooks/.ipynb_checkpoints/*.ipynb",
        "history": "ipython/**/history.sqlite",
        "ledger": "state/**/state.db",
        "log": "lab.log",
    }
    return {kind for kind, pattern in patterns.items() if any(folder.glob(pattern))}


def widgets_of(path: Path) -> str:
    return json.dumps(json.loads(path.read_text())["metadata"]["widgets"])


def picture(notebook: Notebook, name: str) -> None:
    if PICTURES:
        notebook.page.screenshot(path=Path(PICTURES) / f"form-{name}.png")
