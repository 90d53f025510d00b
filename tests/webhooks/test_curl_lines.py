"""The lines that reproduce a failure do: a shell runs them, and the same request arrives.

The secret stands in them as a variable's name alone.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from click.testing import CliRunner

from helpers.cli.webhook import webhook
from helpers.sandbox.receivers import start_receivers
from helpers.webhooks.action import run_battery
from helpers.webhooks.assessment import assess
from helpers.webhooks.battery import BatteryOptions, BatteryRun, Exchange
from helpers.webhooks.cases import applicable, case_named
from helpers.webhooks.curl import curl_line
from helpers.webhooks.records import BatteryResult, VariantResult
from helpers.webhooks.request_builder import PreviousSecret, ReceiverRequest, RequestBuilder
from helpers.webhooks.signatures import CANVAS_KIT, SCHEMES, WEBHOOK, Scheme
from helpers.webhooks.target import parse_target, secret_variable
from helpers.webhooks.wire import ReceiverResponse, ResponseKind, send
from tests.webhooks.matrix import sampled

SECRET = secrets.token_hex(20)
Require = Callable[[str, str], Path]
Arrived = tuple[str, str, list[str], bytes]


class Recorder(BaseHTTPRequestHandler):
    """Keeps what arrives, in the order in which it does."""

    protocol_version = "HTTP/1.1"
    arrived: list[Arrived]
    told: tuple[str, ...]  # the headers that count

    def record(self) -> None:
        chunked = "Transfer-Encoding" in self.headers
        body = (
            self.chunks() if chunked else self.rfile.read(int(self.headers["Content-Length"] or 0))
        )
        lines = [f"{name}: {value}" for name, value in self.headers.items()]
        counted = sorted(line for line in lines if line.partition(":")[0].lower() in self.told)
        self.arrived.append((self.command, unquote(self.path), counted, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    do_GET = do_POST = do_PUT = do_PATCH = record  # noqa: N815 (http.server's)
    do_DELETE = do_HEAD = do_OPTIONS = record  # noqa: N815 (http.server's)

    def chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


@pytest.fixture
def recorder() -> Iterator[tuple[str, type[Recorder]]]:
    handler = type("Recording", (Recorder,), {"arrived": [], "told": ()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/in?key=1", handler
        server.shutdown()


def shell(script: str, url: str, variable: str) -> str:
    """Run it as a person would who has set the two variables."""
    path = os.pathsep.join((f"{sys.base_prefix}/bin", os.environ["PATH"]))  # python3, no wrapper
    environ = {"PATH": path, "LC_ALL": "C.UTF-8", "URL": url, variable: SECRET}
    done = subprocess.run(
        ["bash", "-c", script], env=environ, capture_output=True, check=True, timeout=100
    )
    return done.stdout.decode("utf-8", "replace")


def sayable(scheme: Scheme) -> list[tuple[ReceiverRequest, str]]:
    """Every request of the catalog that a curl line can say, with that line."""
    builder = RequestBuilder(scheme, SECRET.encode())
    lines = [
        (
            request,
            curl_line(
                request,
                case_id=case.id,
                variable=secret_variable(scheme.name),
                algorithm=scheme.algorithm,
            ),
        )
        for case in applicable(scheme)
        for request in case.requests(builder)
        if not request.plain_http
    ]
    return [(request, line) for request, line in lines if not line.startswith("./runbook")]


def test_what_a_shell_can_not_say_is_sent_again_by_the_same_scheme_and_to_the_same_receiver():
    before = PreviousSecret("INTERCOM_PREVIOUS_SECRET", b"the one before this one", revoked=True)
    builder = RequestBuilder(CANVAS_KIT, SECRET.encode(), previous=before)
    case = case_named("E09")
    receiver = parse_target("https://hooks.example.com/in").receiver
    request, _ = case.requests(builder)
    control = ReceiverResponse(ResponseKind.ANSWERED, status=200)
    exchange = Exchange(case, request, ReceiverResponse(ResponseKind.ANSWERED, status=500))
    run = BatteryRun(receiver, (case,), (), control, control, (exchange,), (control,))
    (line,) = [each.curl for each in assess(run, builder).case("E09").failing]
    assert line == (
        './runbook webhook test "$URL" --case E09 --scheme canvas_kit '
        "--previous-secret-variable INTERCOM_PREVIOUS_SECRET --revoked --consent --heavy"
    )


def test_a_line_that_runs_the_command_again_names_the_workspace_of_the_run():
    with start_receivers(SECRET) as receivers:
        result = run_battery(
            parse_target(receivers.flawed_url),
            RequestBuilder(WEBHOOK, SECRET.encode()),
            BatteryOptions(cases=("E09",), profile="staging"),
        )
    (line, _) = [variant.curl for variant in result.case("E09").failing]
    assert line == './runbook webhook test "$URL" --case E09 --profile staging'


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=list(SCHEMES))
def test_a_line_sends_what_the_battery_sent(
    scheme: Scheme, recorder: tuple[str, type[Recorder]], require: Require
):
    require("curl", "apt install curl")
    url, handler = recorder
    pairs = sayable(scheme)
    if scheme is not WEBHOOK:
        pairs = [pair for pair in pairs if "${sig" in pair[1]][::4]
    extra = {name.lower() for request, _ in pairs for name, _ in request.extra}
    handler.told = (scheme.header.lower(), "content-type", *(extra - {"user-agent"}))
    for request, _ in pairs:
        send(request, parse_target(url), timeout=10)
    sent = handler.arrived.copy()
    handler.arrived.clear()
    shell("\n".join(line for _, line in pairs), url, secret_variable(scheme.name))
    assert len(pairs) == len(handler.arrived)
    for (request, line), before, again in zip(pairs, sent, handler.arrived, strict=True):
        assert again == before, (request.name, line)
        assert SECRET not in line


@pytest.fixture(scope="module")
def shown() -> Iterator[tuple[str, list[VariantResult]]]:
    """The flawed receiver, and every request that the report of a run shows a line for."""
    with start_receivers(SECRET) as receivers:
        builder = RequestBuilder(WEBHOOK, SECRET.encode())
        result = run_battery(parse_target(receivers.flawed_url), builder)
        yield (
            receivers.flawed_url,
            [variant for case in result.cases for variant in case.variants if variant.curl],
        )


def test_a_curl_line_gets_the_status_that_the_report_shows(
    shown: tuple[str, list[VariantResult]], require: Require
):
    require("curl", "apt install curl")
    url, variants = shown
    lines = [each for each in variants if not each.curl.startswith("./runbook")]
    tried = sampled(lines, 30)
    seen = shell("\necho\n".join(each.curl for each in tried), url, secret_variable(WEBHOOK.name))
    statuses = re.findall(r"^HTTP/1.1 (\d+)", seen, re.MULTILINE)
    assert len(lines) > 60
    assert len(statuses) == len(tried)
    for each, status in zip(tried, statuses, strict=True):
        assert each.observed in {status, "a Python traceback"}, (each.name, each.curl)


def test_a_runbook_line_gets_what_the_report_shows(
    shown: tuple[str, list[VariantResult]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    url, variants = shown
    monkeypatch.setenv(secret_variable(WEBHOOK.name), SECRET)
    lines = sorted({each.curl for each in variants if each.curl.startswith("./runbook")})
    assert len(lines) > 5
    for line in sampled(lines, 4):
        words = shlex.split(line.replace("$URL", url))[2:]
        CliRunner().invoke(
            webhook,
            [*words, "--json", str(tmp_path / "again.json")],
            standalone_mode=False,
            catch_exceptions=False,
        )
        again = BatteryResult.model_validate_json((tmp_path / "again.json").read_text())
        found = {v.name: v.observed for case in again.cases for v in case.variants}
        for each in variants:
            if each.curl == line and each.observed != "a Python traceback":
                assert found[each.name] == each.observed, line
