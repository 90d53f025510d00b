"""What commands print: no secret, and nothing that acts on the terminal."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from helpers.cli.output import GuardedStream
from helpers.core.redaction import Redactor
from tests.conftest import make_access_token, run_git

ESCAPES = "\x1b]0;title\x07\x1b[2J\x1b[1A\x1b[8mhidden\x9b31m\u202e\u200b"


def printed(text: str, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="")
    guarded = GuardedStream(stream, Redactor())
    guarded.write(text)
    guarded.flush()
    return raw.getvalue().decode(encoding)


def test_a_token_is_not_printed() -> None:
    token = make_access_token()
    assert token not in printed(f"Bearer {token}\n")


def test_escape_sequences_from_outside_are_spelled_out() -> None:
    shown = printed(f"before {ESCAPES} after\n")
    assert shown.startswith("before \\x1b]0;title\\x07\\x1b[2J\\x1b[1A\\x1b[8mhidden\\x9b31m")
    assert shown.endswith("\\u202e\\u200b after\n")


def test_our_own_colours_lines_and_tabs_are_printed() -> None:
    text = "\x1b[31m\x1b[1mred\x1b[0m\ta\r\nb\n"
    assert printed(text) == text


def test_a_character_that_the_encoding_lacks_is_spelled_out() -> None:
    assert printed("✗ é\n", "ascii") == "\\u2717 \\xe9\n"
    assert printed("✗ é\n", "latin-1") == "\\u2717 é\n"


def test_a_carriage_return_overwrites_nothing_where_nobody_watches() -> None:
    assert printed("safe\rbad\n") == "safe bad\n"


class _Hostile(BaseHTTPRequestHandler):
    """Answers every call with the caller's token where a code and an id belong."""

    def do_GET(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        error = {"code": f"{token}{ESCAPES}", "message": token}
        body = json.dumps(
            {"type": "error.list", "request_id": f"{token}{ESCAPES}", "errors": [error]}
        ).encode()
        self.send_response(403)
        self.send_header("X-Request-Id", token)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 (their names)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hostile() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hostile) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def run(folder: Path, *arguments: str, **variables: str) -> str:
    environ = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "RUNBOOK_STATE_HOME": str(folder / "s"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "helpers.cli", *arguments],
        cwd=folder,
        env={**environ, **variables},
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


COMMANDS = (
    ("audit", "--profile", "production", "--steps", "access"),
    ("auditlog", "fetch", "--profile", "production"),
    ("auditlog", "ask", "--profile", "production"),
    ("scopes", "--profile", "production"),
    ("rotate", "access-token", "--profile", "production", "--dry-run"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_a_server_that_sends_the_token_back_as_a_code_gets_nothing_printed(
    command: tuple[str, ...], hostile: str, tmp_path: Path
) -> None:
    token = make_access_token()
    shown = run(tmp_path, *command, INTERCOM_ACCESS_TOKEN=token, INTERCOM_BASE_URL=hostile)
    assert shown
    assert token not in shown
    assert token.lower()[:20] not in shown.lower()
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("form", ["table", "json", "sarif"])
def test_scan_prints_no_secret_that_stands_in_a_file_name(
    form: str, repo: Path, tmp_path: Path
) -> None:
    token = make_access_token()
    (repo / f"{token}.txt").write_text(f"token = '{token}'\n")
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-qm", "Begin")
    shown = run(tmp_path, "scan", str(repo), "--rules", "intercom", "--format", form)
    assert "1 secret" in shown or "EXP-" in shown
    assert token not in shown
    if form != "table":
        json.loads(shown)
    for path in (tmp_path / "s").rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes(), path
