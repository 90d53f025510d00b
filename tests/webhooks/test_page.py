"""docs/webhooks.md says what is so: commands, options, links, anchors and figures."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from helpers.cli import runbook
from helpers.webhooks.cases import CASES, applicable
from helpers.webhooks.signatures import SCHEMES
from tests.conftest import HOME
from tests.webhooks.mutants.node import NODE
from tests.webhooks.test_mutants import OF_WEBHOOK, OTHERS

PAGE = (HOME / "docs" / "webhooks.md").read_text("utf-8")
COMMANDS = sorted(set(re.findall(r"\./runbook ([^`|\n]+)`", PAGE)))
LINKS = sorted(set(re.findall(r"\]\((?!https?:)([^)]+)\)", PAGE)))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_exists_with_its_options(command: str):
    words = command.split()
    path = [word for word in words[:2] if word.islower() and not word.startswith("-")]
    if words[0] == "rotate":
        path = words[:2]
    shown = CliRunner().invoke(runbook, [*path, "--help"])
    assert shown.exit_code == 0
    for option in (word for word in words if word.startswith("--")):
        assert re.search(rf"{option}\b", shown.output), option


@pytest.mark.parametrize("link", LINKS)
def test_a_link_leads_somewhere(link: str):
    path, _, anchor = link.partition("#")
    assert (HOME / "docs" / path).exists()
    headings = {heading.lower() for heading in re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)}
    slugs = {re.sub(r"[^\w -]", "", heading).replace(" ", "-") for heading in headings}
    assert not anchor or anchor in slugs


def test_its_figures_are_those_of_the_catalog():
    cases = {name: len(applicable(scheme)) for name, scheme in SCHEMES.items()}
    assert f"in {cases['webhook']} cases (webhook; {cases['canvas_kit']} for Canvas Kit" in PAGE
    assert f"{cases['fin_agent']} for Fin Agent)" in PAGE
    assert set(re.findall(r"^\| ([A-Z]) \|", PAGE, re.MULTILINE)) == {c.id[0] for c in CASES}
    assert {scheme.header for scheme in SCHEMES.values()} <= set(re.findall(r"`(X-[\w-]+)`", PAGE))


def test_its_figures_are_those_of_the_mutants():
    told = f"{len(OF_WEBHOOK)} ways in Python for webhooks ({len(OF_WEBHOOK) + len(OTHERS)} mutants"
    assert told in PAGE
    assert f"and {len(NODE)} in Node" in PAGE


def test_every_recipe_is_named():
    for path in (HOME / "docs" / "recipes").glob("*.py"):
        assert f"](recipes/{path.name})" in PAGE
