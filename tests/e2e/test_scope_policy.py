"""The generated policy in whole audits: applied, the next one passes; without it, call sites."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import CommandLine
from tests.intercom.hub import Hub

SOURCE = """import httpx

httpx.get("https://api.intercom.io/tags")
httpx.get("https://api.intercom.io/conversations")
"""
NEEDED = {"read_single_admin", "read_admins", "read_tags", "read_conversations"}


@pytest.fixture
def hub(live: Path) -> Iterator[Hub]:
    """A workspace of this file's own, in the running sandbox."""
    named = dict(line.split("=", 1) for line in live.read_text().splitlines() if "=" in line)
    root = named["INTERCOM_BASE_URL"].partition("/w/")[0].rstrip("/")
    with httpx.Client(trust_env=False) as http:
        yield Hub(f"{root}/w/scope-policy", http)


def audit(cli: CommandLine, hub: Hub, scopes: Collection[str], name: str) -> tuple[int, list[Any]]:
    """Audit the scopes of a token that holds these; the status and the findings."""
    env = cli.folder / f"{name}.env"
    env.write_text(f"INTERCOM_BASE_URL={hub.url}\nINTERCOM_ACCESS_TOKEN={hub.token(scopes)}\n")
    out = cli.folder / name
    where = ("--profile", "production", "--env-file", str(env), "--repo", str(cli.folder))
    limits = ("--steps", "scopes", "--fail-on", "low", "--out", str(out))
    done = cli.run("audit", *where, *limits)
    (run,) = out.iterdir()
    return done.returncode, json.loads((run / "results.json").read_text())["findings"]


def test_the_generated_policy_passes_and_a_missing_scope_names_its_call_site(
    cli: CommandLine, hub: Hub
) -> None:
    (cli.folder / "sync.py").write_text(SOURCE)
    section = cli.run("scopes", "--profile", "production", "--repo", ".", "--section")
    assert section.returncode == 0, section.stderr
    (cli.folder / "policy.toml").write_text(section.stdout)

    status, findings = audit(cli, hub, NEEDED, "after")
    assert status == 0
    assert not [f for f in findings if f["status"] in ("FAIL", "ERROR")]
    passed = {f["check"] for f in findings if f["status"] == "PASS"}
    assert {"SCP-001", "SCP-002", "SCP-003", "SCP-004", "SCP-005"} <= passed

    status, findings = audit(cli, hub, NEEDED - {"read_conversations"}, "less")
    assert status == 12
    (broken,) = (f for f in findings if f["status"] == "FAIL")
    assert (broken["check"], broken["resource"]["key"]) == ("SCP-003", "read_conversations")
    assert [e["where"] for e in broken["evidence"]] == ["sync.py:4"]
