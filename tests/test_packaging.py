"""pyproject.toml is the source; the lock and environment.yml must say the same."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import HOME

PROJECT = tomllib.loads((HOME / "pyproject.toml").read_text())
LOCK = (HOME / "requirements.lock").read_text()
OWNERS_CHOICE = ("jupyterlab", "papermill", "python-dotenv", "httpx", "nbval", "pytest")


def declared() -> list[Requirement]:
    extras = PROJECT["project"].get("optional-dependencies", {}).values()
    groups = PROJECT["dependency-groups"].values()
    lists = [PROJECT["project"]["dependencies"], *extras, *groups]
    return [Requirement(text) for texts in lists for text in texts]


def locked() -> dict[str, list[Requirement]]:
    found: dict[str, list[Requirement]] = {}
    for line in re.findall(r"^([A-Za-z0-9][^\\\n]*?)\s*\\?$", LOCK, re.MULTILINE):
        requirement = Requirement(line)
        found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


@pytest.mark.parametrize("requirement", declared(), ids=lambda r: r.name)
def test_lock_pins_what_pyproject_declares(requirement: Requirement):
    pins = locked()[canonicalize_name(requirement.name)]
    for pin in pins:
        (version,) = [specifier.version for specifier in pin.specifier]
        assert requirement.specifier.contains(version, prereleases=True)


def test_every_pin_has_a_hash_and_no_line_names_a_host():
    blocks = re.split(r"\n(?=\S)", LOCK.strip())
    assert len(blocks) > 100
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert "://" not in LOCK
    assert "index-url" not in LOCK


def test_environment_yml_lists_what_pyproject_lists():
    environment = yaml.safe_load((HOME / "environment.yml").read_text())
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert pip == [*PROJECT["project"]["dependencies"], "-e ."]
    assert f"python{PROJECT['project']['requires-python']}" in environment["dependencies"]


@pytest.mark.parametrize("name", OWNERS_CHOICE)
def test_packages_that_the_project_is_built_on_are_in_all_three(name: str):
    assert name in {
        canonicalize_name(Requirement(r).name) for r in PROJECT["project"]["dependencies"]
    }
    assert name in locked()
    assert f"{name}" in (HOME / "environment.yml").read_text()


@pytest.mark.parametrize("heavy", ["httpx", "pydantic", "jinja2", "rich", "duckdb", "starlette"])
def test_importing_helpers_loads_nothing_heavy(heavy: str):
    code = f"import sys, helpers; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("heavy", ["httpx", "jinja2", "rich", "papermill", "starlette", "pydantic"])
def test_help_loads_nothing_heavy(heavy: str):
    code = (
        "import sys\nfrom helpers.cli import runbook\n"
        f"try: runbook.main(['--help'])\nexcept SystemExit: sys.exit({heavy!r} in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == 0


def test_every_public_name_can_be_imported_and_the_list_is_sorted():
    import helpers

    assert helpers.__all__ == sorted(helpers.__all__)
    assert all(callable(getattr(helpers, name)) for name in helpers.__all__)
    assert dir(helpers) == helpers.__all__


def test_every_command_in_the_table_exists_and_has_help():
    import click

    from helpers.cli import COMMANDS, runbook

    context = click.Context(runbook)
    for name in COMMANDS:
        command = runbook.get_command(context, name)
        assert command is not None
        assert command.help


def test_command_works_in_a_folder_that_has_a_package_of_the_same_name(tmp_path: Path):
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "__init__.py").touch()
    last = (HOME / "runbook").read_text().splitlines()[-1]
    command = shlex.split(last, comments=True)[2:-1]
    assert command == ["-P", "-m", "helpers.cli"]
    done = subprocess.run([sys.executable, *command, "--help"], check=False, cwd=tmp_path)
    assert done.returncode == 0


def test_bootstrap_notices_a_changed_lock(tmp_path: Path):
    script = (HOME / "runbook").read_text()
    assert 'cmp -s "$lock" "$stamp"' in script
    checked = subprocess.run(["sh", "-n", str(HOME / "runbook")], check=False)
    assert checked.returncode == 0
