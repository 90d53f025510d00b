"""What was opened is closed: at once without a person, at the kernel's end with one."""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.core.steps import step_named
from helpers.notebook import checklist, overview
from helpers.notebook.parameters import Choices
from helpers.notebook.sandbox_profile import SANDBOX_URL

Later = list[Callable[[], object]]


@pytest.fixture
def at_the_end(monkeypatch: pytest.MonkeyPatch) -> Later:
    """A person sits at this kernel; what would run at its end."""
    later: Later = []
    weakref.finalize(threading.Event(), int)  # the first one in a process registers itself
    monkeypatch.setenv("JPY_SESSION_NAME", "notebooks/00_start_here.ipynb")
    monkeypatch.delenv(SANDBOX_URL, raising=False)
    monkeypatch.setattr(atexit, "register", later.append)
    return later


def test_in_jupyterlab_the_first_notebook_stays_usable_after_its_last_cell(
    at_the_end: Later,
) -> None:
    opened = overview.open_start(Choices())
    folder = opened.context.repo.parent
    opened.close()
    assert folder.is_dir()
    assert "not been audited" in opened.last_run().text
    for close in at_the_end:
        close()
    assert not folder.exists()


def test_elsewhere_it_lets_go_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    opened = overview.open_start(Choices())
    opened.close()
    assert not opened.context.repo.parent.exists()


def test_the_last_notebook_leaves_no_step_open_even_in_jupyterlab(
    at_the_end: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checklist, "STEPS", (step_named("environment"), step_named("access")))
    before = threading.active_count()
    found = checklist.open_checklist(Choices())
    assert threading.active_count() == before
    assert at_the_end == []
    assert "judged" in found.coverage().text
    assert "2 of" in found.close().text


def test_a_step_that_can_not_be_saved_is_closed_anyway(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from helpers.core.errors import RunbookError
    from helpers.notebook.session import open_step

    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    (tmp_path / "snapshots").write_text("in the way")
    step = open_step("environment", Choices(run_dir=str(tmp_path)))
    with pytest.raises((RunbookError, OSError)):
        step.close()
    assert not step.context.repo.parent.exists()
