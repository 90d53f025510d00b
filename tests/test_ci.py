"""The files that users copy into their own CI are well-formed, pinned, and call the real command.

The rules are those of actionlint, GitLab's reference and systemd that the files touch. The inputs
are those of the `action.yml` of each pinned release.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from helpers.cli import runbook
from tests.conftest import HOME

CI = HOME / "docs" / "ci"
GITHUB: dict[str, Any] = yaml.load(
    (CI / "github-actions.yml").read_text("utf-8"),
    Loader=yaml.BaseLoader,  # texts only, so that `on` is no truth value
)
GITLAB: dict[str, Any] = yaml.safe_load((CI / "gitlab-ci.yml").read_text("utf-8"))
JOB: dict[str, Any] = GITHUB["jobs"]["audit"]
STEPS: list[dict[str, Any]] = JOB["steps"]
INPUTS = {
    "actions/checkout": {"repository", "ref", "path", "fetch-depth", "persist-credentials"},
    "actions/cache/restore": {"path", "key", "restore-keys", "fail-on-cache-miss", "lookup-only"},
    "actions/cache/save": {"path", "key", "upload-chunk-size"},
    "actions/upload-artifact": {"name", "path", "retention-days", "if-no-files-found", "overwrite"},
    "github/codeql-action/upload-sarif": {"sarif_file", "checkout_path", "category"},
}
CONTEXTS = ("vars", "secrets", "github")


def scripts() -> Iterator[str]:
    """Every shell line of both pipelines."""
    for step in STEPS:
        yield from step.get("run", "").splitlines()
    for part in ("script", "after_script"):
        yield from GITLAB["intercom-audit"][part]


def commands() -> Iterator[list[str]]:
    """The arguments of every call of the runbook, in pipelines, image and unit."""
    unit = (CI / "runbook-audit.service").read_text("utf-8")
    (started,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    for line in (*scripts(), started):
        words = shlex.split(line.partition(" >> ")[0], comments=True)
        if words and words[0].endswith("runbook"):
            yield words[1:]


def test_every_call_of_the_runbook_is_one_that_it_understands() -> None:
    found = list(commands())
    assert len(found) >= 7
    context = click.Context(runbook)
    for name, *arguments in (words for words in found if words != ["--version"]):
        command = runbook.get_command(context, name)
        assert command is not None, name
        command.make_context(name, arguments, parent=context)


def test_the_workflow_has_known_keys_and_rights_as_small_as_possible() -> None:
    assert set(GITHUB) == {"name", "on", "permissions", "concurrency", "jobs"}
    assert GITHUB["permissions"] == {}
    assert JOB["permissions"] == {"contents": "read", "security-events": "write"}
    assert set(JOB) == {"runs-on", "timeout-minutes", "permissions", "steps"}
    assert "pull_request" not in GITHUB["on"], "a fork must not reach the secrets"
    for step in STEPS:
        assert set(step) <= {"name", "id", "if", "uses", "with", "env", "run"}
        assert ("run" in step) != ("uses" in step)
    for cron in GITHUB["on"]["schedule"]:
        assert re.fullmatch(r"(\S+ ){4}\S+", cron["cron"])


def test_actions_are_pinned_to_the_commit_of_a_release_and_get_inputs_that_they_have() -> None:
    text = (CI / "github-actions.yml").read_text("utf-8")
    used = re.findall(r"uses: (\S+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+$", text, re.MULTILINE)
    assert len(used) == text.count("uses:")
    pins: dict[str, set[str]] = {}
    for name, commit in used:
        pins.setdefault("/".join(name.split("/")[:2]), set()).add(commit)
    assert all(len(commits) == 1 for commits in pins.values()), "one release of each action"
    for step in STEPS:
        if "uses" in step:
            assert set(step["with"]) <= INPUTS[step["uses"].partition("@")[0]]


def test_expressions_use_contexts_that_are_there_and_no_script_has_one() -> None:
    text = (CI / "github-actions.yml").read_text("utf-8")
    for expression in re.findall(r"\$\{\{ (.*?) \}\}", text):
        known = expression.partition(".")[0] in CONTEXTS or expression == "!cancelled()"
        assert known, expression
    assert not [line for line in scripts() if "${{" in line], "a value could end the command"


def test_what_is_restored_is_what_is_saved_also_after_a_failure() -> None:
    restored = next(s["with"] for s in STEPS if "cache/restore" in s.get("uses", ""))
    saved = next(s for s in STEPS if "cache/save" in s.get("uses", ""))
    assert saved["with"] == {name: restored[name] for name in ("path", "key")}
    assert restored["key"].startswith(restored["restore-keys"])
    assert saved["if"] == "${{ !cancelled() }}"
    state = GITLAB["intercom-audit"]
    assert state["cache"]["when"] == state["artifacts"]["when"] == "always"
    (folder,) = state["cache"]["paths"]
    assert state["variables"]["RUNBOOK_STATE_HOME"] == f"$CI_PROJECT_DIR/{folder.rstrip('/')}"


def test_the_gitlab_job_has_known_keys() -> None:
    assert set(GITLAB["intercom-audit"]) <= {
        "image",
        "rules",
        "variables",
        "resource_group",
        "timeout",
        "cache",
        "script",
        "after_script",
        "artifacts",
    }


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_every_script_is_one_that_the_shell_can_read(
    shell: str, require: Callable[[str, str], Path]
) -> None:
    require(shell, f"apt install {shell}")
    for script in ("\n".join(scripts()), *(step["run"] for step in STEPS if "run" in step)):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


def test_the_image_has_known_instructions_and_no_root_at_the_end() -> None:
    text = re.sub(r"\\\n", " ", (CI / "Containerfile").read_text("utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    words = [line.split()[0] for line in lines]
    assert set(words) <= {"FROM", "RUN", "COPY", "ENV", "USER", "WORKDIR", "ENTRYPOINT", "CMD"}
    assert words[0] == "FROM"
    assert [line for line in lines if line.startswith("USER")] == ["USER auditor"]
    assert not re.search(r"ADD |curl|ARG .*TOKEN", text)


def test_systemd_accepts_unit_and_timer(
    tmp_path: Path, require: Callable[[str, str], Path]
) -> None:
    analyze = require("systemd-analyze", "apt install systemd")
    for path in CI.glob("runbook-audit.*"):
        text = path.read_text("utf-8").replace("/opt/runbook/runbook", str(HOME / "runbook"))
        (tmp_path / path.name).write_text(text)
    units = sorted(str(path) for path in tmp_path.iterdir())
    assert len(units) == 2
    done = subprocess.run(
        [analyze, "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
