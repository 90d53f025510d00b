"""A canary token that a hostile world sends back in every form shows up nowhere.

The token is in the environment of each command. The workspace's names, its activity log, the
repository's files and the receiver's answers hold it in every form. Afterwards everything that the
command printed or wrote is searched for each form literally, without the redactor's own code.

By default a part of the commands run. `RUNBOOK_CANARY=all` runs every one, and each notebook.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from helpers.sandbox import Sandbox, start
from helpers.sandbox.seeds import DEMO
from tests.browser.lab import start_lab
from tests.conftest import HOME, run_git
from tests.e2e.conftest import CommandLine
from tests.forms import FORMS

ALL = os.environ.get("RUNBOOK_CANARY") == "all"
NOTEBOOKS = sorted(path.stem for path in (HOME / "notebooks").glob("0*.ipynb"))
TOKEN = DEMO.profiles["production"].access_token
SECRET = str(uuid.uuid4())


def traces(value: str) -> list[str]:
    """Return what must not be found: each form without its ends, which are not its own."""
    return [text[8:-8] for form in FORMS.values() if len(text := form(value)) >= 36] + [
        value[:20],
        value[-20:],
        value[::-1][8:-8],
    ]


TRACES = [*traces(TOKEN), *traces(SECRET)]


def hits(text: str) -> list[str]:
    """Return the traces in a text, as it is and as the content of a JSON string."""
    views = (text, text.replace("\\\\", "\\"), text.replace('\\"', '"').replace("\\n", "\n"))
    return [trace for trace in TRACES if any(trace in view for view in views)]


def hits_in_files(folder: Path) -> list[str]:
    return [
        f"{path.relative_to(folder)}: {trace}"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
        for trace in hits(content_of(path))
    ]


def content_of(path: Path) -> str:
    """Return a file's text; of Parquet, which is compressed, that of its rows."""
    if path.suffix == ".parquet":
        return str(duckdb.read_parquet(str(path)).fetchall())
    return path.read_bytes().decode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class World:
    """A hostile workspace, repository and receiver, and a command line that is pointed at them."""

    cli: CommandLine
    repo: Path
    variables: dict[str, str]
    receiver: str
    sandbox: Sandbox

    def run(self, *arguments: str) -> str:
        """Run a command; return what it printed."""
        done = self.cli.run(
            *(each.format(repo=self.repo, receiver=self.receiver) for each in arguments),
            **self.variables,
        )
        return done.stdout + done.stderr


class _Echo(BaseHTTPRequestHandler):
    """A receiver that answers with every form."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = "\n".join(form(SECRET) for form in FORMS.values()).encode("utf-8", "replace")
        self.send_response(500)
        self.send_header("Content-Type", f"text/plain; x={TOKEN}")
        self.send_header("X-Secret", SECRET)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def receiver() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def hostile() -> Iterator[Sandbox]:
    """A workspace whose every name and activity contains the canary in some form."""
    with start(clock=None) as sandbox:
        workspace = sandbox.intercom.workspace("canary")
        forms = cycle(form(value) for form in FORMS.values() for value in (TOKEN, SECRET))
        for admin in workspace.admins.values():
            admin["name"] = next(forms)
        with httpx.Client(base_url=sandbox.hub("canary")) as hub:
            admin_id = next(iter(workspace.admins))
            for number in range(2 * len(FORMS)):
                row = {
                    "activity_type": "app_name_change",
                    "description": next(forms),
                    "by": admin_id,
                    "at": int(time.time()) - 90_000 - number,
                    "metadata": {"before": next(forms), "after": next(forms)},
                }
                assert hub.post("/activity/rows", json=row).status_code == 200
        yield sandbox


@pytest.fixture
def world(hostile: Sandbox, receiver: str, repo: Path, tmp_path: Path) -> World:
    for number, form in enumerate(FORMS.values()):
        (repo / f"file{number}.txt").write_text(form(TOKEN) + "\n" + form(SECRET), "utf-8")
    (repo / f"{TOKEN}.txt").write_text(TOKEN)
    (repo / f"client_secret={SECRET}").write_text(f"INTERCOM_CLIENT_SECRET={SECRET}\n")
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-qm", f"Use {SECRET}")
    home = tmp_path / "home"
    home.mkdir()
    variables = {
        "INTERCOM_ACCESS_TOKEN": TOKEN,
        "INTERCOM_CLIENT_SECRET": SECRET,
        "INTERCOM_BASE_URL": hostile.base_url("canary"),
        "HOME": str(home),
        "TMPDIR": str(_made(home / "tmp")),
    }
    return World(CommandLine(home), repo, variables, receiver, hostile)


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


PROFILE = ("--profile", "production")
COMMANDS = {
    "scan": ("scan", "{repo}", *PROFILE),
    "scan as JSON": ("scan", "{repo}", *PROFILE, "--format", "json"),
    "scan as SARIF": ("scan", "{repo}", "--format", "sarif"),
    "scan of the index": ("scan", "{repo}", "--staged"),
    "fetch": ("auditlog", "fetch", *PROFILE),
    "ask": ("auditlog", "ask", *PROFILE),
    "ask one question": ("auditlog", "ask", *PROFILE, "peaks"),
    "scopes": ("scopes", *PROFILE, "--repo", "{repo}"),
    "rotate": ("rotate", "access-token", *PROFILE, "--dry-run"),
    "rotate status": ("rotate", "status", *PROFILE),
    "keys": ("keys", *PROFILE),
    "send": ("webhook", "send", "{receiver}", *PROFILE),
    "webhook test": ("webhook", "test", "{receiver}", *PROFILE),
    "audit of two steps": (
        *("audit", *PROFILE, "--repo", "{repo}"),
        *("--steps", "environment,access", "--fail-on", "never"),
    ),
    "audit": ("audit", *PROFILE, "--repo", "{repo}", "--fail-on", "never"),
}
SLOW = {"audit", "webhook test", "scan as SARIF", "keys", "ask one question"}


@pytest.mark.parametrize("name", [n for n in COMMANDS if ALL or n not in SLOW])
def test_no_command_prints_or_writes_the_canary(name: str, world: World) -> None:
    printed = world.run(*COMMANDS[name])
    assert printed.strip(), "the command did something"
    assert hits(printed) == []
    assert "\x1b" not in printed
    assert hits_in_files(world.cli.folder) == []


@pytest.mark.parametrize("name", NOTEBOOKS if ALL else ["06_workspace_access"])
def test_no_notebook_under_plain_papermill_shows_the_canary(name: str, world: World) -> None:
    out = world.cli.folder / "out.ipynb"
    command = [sys.executable, "-m", "papermill", str(HOME / "notebooks" / f"{name}.ipynb")]
    command += [str(out), "-p", "profile", "production", "-p", "repo", str(world.repo)]
    environ = world.cli.environ(**world.variables, IPYTHONDIR=str(world.cli.folder / "ipython"))
    done = subprocess.run(
        command, cwd=world.cli.folder, env=environ, check=False, capture_output=True, text=True
    )
    assert out.is_file(), done.stderr
    assert hits(done.stdout + done.stderr) == []
    assert hits_in_files(world.cli.folder) == []


def test_a_killed_audit_leaves_no_canary_behind(world: World) -> None:
    arguments = ("audit", *PROFILE, "--repo", str(world.repo), "--steps", "access,auditlog")
    with world.cli.start(*arguments, **world.variables) as process:
        assert process.stderr
        while not list(world.cli.out.rglob("*.ipynb")) and process.poll() is None:
            time.sleep(0.05)
        time.sleep(secrets.randbelow(1500) / 1000)
        process.kill()
        out, err = process.communicate()
    assert hits(out + err) == []
    assert hits_in_files(world.cli.folder) == []


def cells() -> list[dict[str, Any]]:
    output = {"output_type": "stream", "name": "stdout"}
    return [
        {
            "cell_type": "code",
            "metadata": {},
            "execution_count": 1,
            "source": f"x = '''{form(TOKEN)}'''",
            "outputs": [{**output, "text": form(SECRET)}],
        }
        for form in FORMS.values()
    ]


def test_jupyterlab_writes_no_canary_as_notebook_file_copy_or_checkpoint(tmp_path: Path) -> None:
    notebook = {"cells": cells(), "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    variables = {"INTERCOM_ACCESS_TOKEN": TOKEN, "INTERCOM_CLIENT_SECRET": SECRET}
    with start_lab(tmp_path, environ=variables) as lab, httpx.Client(base_url=lab.url) as client:
        client.headers["X-XSRFToken"] = _xsrf(client)
        contents = "/api/contents"
        whole = {"type": "notebook", "format": "json", "content": notebook}
        text = {"type": "file", "format": "text", "content": json.dumps(notebook)}
        plain = {**text, "content": "\n".join(form(TOKEN) for form in FORMS.values())}
        for name, model in (("a.ipynb", whole), ("b.ipynb", text), ("c.txt", plain)):
            assert client.put(f"{contents}/{name}", json=model).status_code == 201, name
            assert client.post(f"{contents}/{name}/checkpoints").status_code == 201
            assert client.post(contents, json={"copy_from": name}).status_code == 201
            new = {"path": f"renamed-{name}"}
            assert client.patch(f"{contents}/{name}", json=new).status_code == 200
        named = client.put(f"{contents}/{TOKEN}.txt", json={**text, "content": "x"})
        assert named.status_code == 400
    assert hits_in_files(tmp_path) == []


def _xsrf(client: httpx.Client) -> str:
    client.get("/lab")
    return str(client.cookies.get("_xsrf", ""))


def test_the_kernels_of_lab_keep_no_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jupyter_client.manager import start_new_kernel

    from helpers.cli.lab import _without_history

    monkeypatch.setenv("RUNBOOK_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(_without_history()))
    manager, client = start_new_kernel()
    try:
        client.execute_interactive(f"token = {TOKEN!r}", store_history=True, timeout=60)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert [path.name for path in tmp_path.rglob("*.sqlite*")] == []
    assert hits_in_files(tmp_path) == []


def test_the_search_itself_finds_the_canary(tmp_path: Path) -> None:
    """A search that can't fail would prove nothing."""
    for number, form in enumerate(FORMS.values()):
        text = form(TOKEN)
        if len(text) >= 36 or text in (TOKEN[:20], TOKEN[-20:]):
            assert hits(f"before {text} after"), list(FORMS)[number]
