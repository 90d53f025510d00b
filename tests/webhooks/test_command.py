"""`runbook webhook`: exit statuses, formats, and where the secret may stand."""

from __future__ import annotations

import os
import secrets
import socket
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers.cli.webhook import webhook
from helpers.core.errors import UsageError
from helpers.sandbox.receivers import Receivers, start_receivers
from helpers.webhooks.target import secret_in

SECRET = secrets.token_hex(20)


@pytest.fixture(scope="module")
def receivers() -> Iterator[Receivers]:
    with start_receivers(SECRET) as both:
        yield both


@pytest.fixture(autouse=True)
def secret_in_its_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INTERCOM_CLIENT_SECRET", SECRET)


def run(*arguments: str) -> tuple[object, str]:
    done = CliRunner().invoke(
        webhook, ["test", *arguments], standalone_mode=False, catch_exceptions=False
    )
    return done.return_value, done.output


def test_a_sound_receiver_ends_with_0_and_a_forgeable_one_with_14(receivers: Receivers):
    assert run(receivers.sound_url)[0] == 0
    assert run(receivers.flawed_url)[0] == 14


def test_an_unreachable_receiver_ends_with_3():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        status, output = run(f"http://127.0.0.1:{free.getsockname()[1]}/")
    assert status == 3
    _, why, conclusion = output.splitlines()
    assert "the control got no connection (refused)" in why
    assert conclusion == "So nothing was judged. Start the receiver, or fix the address."


def test_no_output_holds_the_secret(receivers: Receivers, tmp_path: Path):
    files = [tmp_path / name for name in ("r.json", "r.xml", "r.sarif")]
    options = zip(("--json", "--junit", "--sarif"), map(str, files), strict=True)
    _, output = run(receivers.flawed_url, *(word for pair in options for word in pair))
    assert SECRET not in output + "".join(path.read_text() for path in files)
    suite = ET.parse(files[1]).getroot()[0]
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure")) > 0


@pytest.mark.parametrize("option", ["--secret-variable", "--previous-secret-variable"])
def test_a_secret_in_place_of_a_variables_name_is_not_repeated(option: str):
    given = secrets.token_hex(20)
    with pytest.raises(UsageError, match="not a variable name") as refused:
        run("http://127.0.0.1:9/", option, given)
    assert given not in str(refused.value)
    assert "rotate it" in refused.value.advice


def test_a_secret_that_is_no_text_signs_by_its_bytes(monkeypatch: pytest.MonkeyPatch):
    raw = b"\xff\xfe" + secrets.token_bytes(20).replace(b"\0", b"0")
    monkeypatch.setenv("INTERCOM_CLIENT_SECRET", os.fsdecode(raw))
    with start_receivers(SECRET) as receivers:
        assert run(receivers.sound_url)[0] == 14  # it is another secret, and no defect of ours
    assert secret_in("INTERCOM_CLIENT_SECRET") == raw


@pytest.mark.parametrize("value", ["", "   "])
def test_a_blank_secret_is_none(value: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("INTERCOM_CLIENT_SECRET", value)
    with pytest.raises(UsageError, match="INTERCOM_CLIENT_SECRET is not set, or blank"):
        run("http://127.0.0.1:9/")


def test_without_a_secret_the_variable_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("INTERCOM_CLIENT_SECRET")
    with pytest.raises(UsageError, match="INTERCOM_CLIENT_SECRET"):
        run("http://127.0.0.1:9/")
