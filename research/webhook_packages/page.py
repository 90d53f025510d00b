"""The outcomes as a page for the docs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TypedDict

from helpers.webhooks.cases import CASES
from research.webhook_packages.catalog import PACKAGES, Package


class Outcome(TypedDict):
    """What a run came to: the control as Intercom sends it, the control tried, and by case's id
    which forgeries were accepted and what else failed.
    """

    intercom: str
    control: str
    accepted: list[str]
    failing: list[str]


HEAD = """# Published packages under the battery

What `runbook webhook test` says of packages that check `X-Hub-Signature`, each used as its own
documents show it. They were written for GitHub or Facebook, whose signature has the same form as
Intercom's, and teams do use them for Intercom. The versions are pinned; a test installs them, runs
the battery and compares this page with what comes out. Express runs with `NODE_ENV=production`
(without it, it shows a stack trace to whoever causes an error), Django over ASGI.

Some ask for headers that only GitHub sends, and refuse whatever comes without them. As they stand,
no delivery of Intercom's gets past these; the rest of their row was tried with such headers added
(`--header`), to see the check itself.

The ids are those of `runbook webhook cases`: A are genuine deliveries, R forgeries, E malformed
requests, L leaks, P Intercom's delivery rules.

| Package | Version | In | Intercom's own delivery | Genuine ones lost | Forgeries accepted | \
Refused with an error | Else |
|---|---|---|---|---|---|---|---|
"""
WORDS = {"pass": "accepted", "fail": "refused"}
ORDER = [case.id for case in CASES]
FOLLOWS = {one: other for one, other in pairwise(ORDER) if one[0] == other[0]}


def page(outcomes: Mapping[str, Outcome]) -> str:
    """The whole page."""
    rows = [_row(package, outcomes[package.name]) for package in PACKAGES]
    words = [f"- **{package.name}** {package.version}: {package.remark}" for package in PACKAGES]
    return HEAD + "\n".join([*rows, "", "## In words", "", *words]) + "\n"


def _row(package: Package, outcome: Outcome) -> str:
    accepted = outcome["accepted"]
    others = [case for case in outcome["failing"] if case not in accepted]
    groups = (
        [case for case in others if case[0] == "A"],
        accepted,
        [case for case in others if case[0] in "RE"],
        [case for case in others if case[0] in "LP"],
    )
    cells = [package.name, package.version, package.used_in, WORDS[outcome["intercom"]]]
    return f"| {' | '.join([*cells, *(_cell(outcome, group) for group in groups)])} |"


def _cell(outcome: Outcome, cases: list[str]) -> str:
    """Nothing failed is said only where everything was tried."""
    if outcome["control"] != "pass":
        return "can't be judged"
    return _ranges(cases) or ("died before" if "E12" in outcome["failing"] else "none")


def _ranges(cases: list[str]) -> str:
    """Neighbours in the catalog joined: R01 to R04, R09."""
    runs: list[list[str]] = []
    for case in sorted(cases, key=ORDER.index):
        if runs and FOLLOWS.get(runs[-1][-1]) == case:
            runs[-1].append(case)
        else:
            runs.append([case])
    return ", ".join(f"{r[0]} to {r[-1]}" if len(r) > 2 else ", ".join(r) for r in runs)
