"""What the battery says of published packages, and that the docs say the same."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from helpers.webhooks.action import run_battery
from helpers.webhooks.battery import BatteryOptions
from helpers.webhooks.records import BatteryResult, CaseResult, Expect
from helpers.webhooks.records import CaseOutcome as SignatureVerdict
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import parse_target
from research.webhook_packages.catalog import HERE, PACKAGES, Package
from research.webhook_packages.installed import node_modules, site_packages
from research.webhook_packages.page import Outcome, page
from tests.conftest import HOME
from tests.webhooks.receivers.process import running

SECRET = secrets.token_hex(20)
OUTCOMES = HERE / "outcomes.json"
PAGE = HOME / "docs/webhook-packages.md"
Require = Callable[[str, str], Path]


def outcomes() -> dict[str, Outcome]:
    found: dict[str, Outcome] = json.loads(OUTCOMES.read_text())
    return found


def command(package: Package, require: Require) -> tuple[tuple[str | Path, ...], dict[str, str]]:
    """How its receiver is started, and where it finds the package."""
    if package.registry == "npm":
        node = require("node", "apt install nodejs")
        environ = {"NODE_PATH": str(node_modules()), "NODE_ENV": "production"}
        return (node, package.receiver), environ
    module = ".".join(package.receiver.relative_to(HOME).with_suffix("").parts)
    return (sys.executable, "-m", module), {"PYTHONPATH": f"{site_packages()}{os.pathsep}{HOME}"}


def tried(url: str, options: BatteryOptions) -> BatteryResult:
    return run_battery(parse_target(url), RequestBuilder(WEBHOOK, SECRET.encode()), options)


def seen(package: Package, require: Require) -> Outcome:
    started, environ = command(package, require)
    with running(started, SECRET, environ) as url:
        result = alone = tried(url, BatteryOptions(headers=package.headers, recovery=0.1))
    if package.headers:
        with running(started, SECRET, environ) as url:
            alone = tried(url, BatteryOptions(cases=("A01",)))
    wrong = [case for case in result.cases if case.outcome is SignatureVerdict.FAIL]
    return {
        "intercom": alone.control,
        "control": result.control,
        "accepted": [case.id for case in wrong if took_a_forgery(case)],
        "failing": [case.id for case in wrong],
    }


def took_a_forgery(case: CaseResult) -> bool:
    return case.expect is Expect.REFUSE and any(v.observed.startswith("2") for v in case.failing)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_the_battery_says_of_it_what_is_on_record(package: Package, require: Require):
    found = seen(package, require)
    if os.environ.get("RUNBOOK_GOLDEN") == "write":
        OUTCOMES.write_text(json.dumps({**outcomes(), package.name: found}, indent=1) + "\n")
        PAGE.write_text(page(outcomes()))
    assert found == outcomes()[package.name]


def test_every_package_is_on_record():
    assert set(outcomes()) == {package.name for package in PACKAGES}


def test_the_docs_say_what_is_on_record():
    assert PAGE.read_text() == page(outcomes())
