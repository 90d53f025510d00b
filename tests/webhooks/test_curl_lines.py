"""The lines that reproduce a failure do: a shell runs them, and the same request arrives.

The secret stands in them as a variable's name alone.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from helpers.sandbox.receivers import start_receivers
from helpers.webhooks.action import run_battery
from helpers.webhooks.assessment import assess
from helpers.webhooks.battery import BatteryRun, Exchange
from helpers.webhooks.cases import applicable, case_named
from helpers.webhooks.curl import curl_line
from helpers.webhooks.request_builder import PreviousSecret, ReceiverRequest, RequestBuilder
from helpers.webhooks.signatures import CANVAS_KIT, SCHEMES, WEBHOOK, Scheme
from helpers.webhooks.target import parse_target, secret_variable
from helpers.webhooks.wire import ReceiverResponse, ResponseKind, send

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

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = record  # noqa: N815 (http.server's)

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


def test_a_line_repeats_the_failure(require: Require):
    require("curl", "apt install curl")
    with start_receivers(SECRET) as receivers:
        builder = RequestBuilder(WEBHOOK, SECRET.encode())
        result = run_battery(parse_target(receivers.flawed_url), builder)
        failures = [case.failing[0] for case in result.cases if case.failing]
        lines = [each for each in failures if each.curl.startswith(("body=", "curl", "sig="))][::2]
        seen = shell(
            "\necho\n".join(each.curl for each in lines),
            receivers.flawed_url,
            secret_variable(WEBHOOK.name),
        )
    assert len(lines) > 10
    assert re.findall(r"^HTTP/1.1 (\d+)", seen, re.MULTILINE) == [each.observed for each in lines]
