"""Consumers that report the fingerprint of their key at a URL, asked for real."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from helpers.core.errors import ConfigurationError
from helpers.core.model import fingerprint
from helpers.rotation.evidence import Consumer, reported
from tests.conftest import HOME

MARK = "0123456789abcdef"


class _Service(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answers = {
            "/key": (200, f'{{"key": "{MARK}"}}'),
            "/error": (500, MARK),
            "/moved": (302, MARK),
            "/endless": (200, " " * 100_000 + MARK),
            "/other": (200, "no fingerprint here"),
        }
        status, text = answers[self.path]
        self.send_response(status)
        self.send_header("Location", "/key")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        try:
            self.wfile.write(text.encode())
        except ConnectionError:
            self.close_connection = True  # the reader had enough

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Be quiet."""


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Service) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_service_that_reports_its_key_is_believed(service: str) -> None:
    assert reported(Consumer("api", url=f"{service}/key")) == {MARK}


@pytest.mark.parametrize("path", ["error", "moved", "endless", "other"])
def test_an_error_a_redirect_and_what_lies_beyond_the_limit_confirm_nothing(
    service: str, path: str
) -> None:
    assert reported(Consumer("api", url=f"{service}/{path}")) == frozenset()


def test_a_service_that_is_not_there_confirms_nothing() -> None:
    assert reported(Consumer("api", url="http://127.0.0.1:9/key")) == frozenset()


def test_plain_http_to_another_machine_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="plain HTTP"):
        reported(Consumer("api", url="http://service.example/key"))


def test_an_address_that_is_none_is_refused_or_confirms_nothing() -> None:
    with pytest.raises(ConfigurationError, match="fingerprint_url"):
        reported(Consumer("api", url="https://service.example:port/key"))
    assert reported(Consumer("api", url="http://127.0.0.1:99999/key")) == frozenset()


# --- what the documentation tells consumers to report ---

PAGE = (HOME / "docs" / "rotation.md").read_text("utf-8")
KINDS = ("access_token", "client_secret", "identity_secret")
VALUE = "größer-" + "a1b2c3d4" * 5  # nobody guesses it, so its fingerprint has no key


def example(language: str) -> str:
    """The page's code in a language."""
    (code,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(code)


def test_a_consumer_in_python_reports_what_the_runbook_expects() -> None:
    names: dict[str, Any] = {}
    exec(example("python"), names)
    for kind in KINDS:
        assert names["fingerprint"](kind, VALUE) == fingerprint(kind, VALUE)


def test_a_consumer_in_javascript_reports_what_the_runbook_expects(
    require: Callable[[str, str], Path],
) -> None:
    calls = "".join(f'\nconsole.log(fingerprint("{kind}", "{VALUE}"));' for kind in KINDS)
    command = (str(require("node", "apt install nodejs")), "-e", example("js") + calls)
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert told == [fingerprint(kind, VALUE) for kind in KINDS]
