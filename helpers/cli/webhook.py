"""`runbook webhook …`: test a receiver, send to it, listen, and list the cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from helpers.cli.groups import SuggestingGroup
from helpers.cli.webhook_identity import token, user_hash
from helpers.cli.webhook_listen import explain, listen
from helpers.cli.webhook_options import scheme_option
from helpers.cli.webhook_overlap import overlap
from helpers.cli.webhook_send import send
from helpers.cli.webhook_test import run_test

if TYPE_CHECKING:
    from helpers.webhooks.cases import Case

__all__ = ["webhook"]


@click.group(cls=SuggestingGroup)
def webhook() -> None:
    """Test a webhook receiver: does it refuse what Intercom did not sign?"""


for _command in (run_test, overlap, send, listen, explain, token, user_hash):
    webhook.add_command(_command)


@webhook.command("cases")
@scheme_option
@click.option("--markdown", is_flag=True, help="Print a Markdown table.")
def list_cases(scheme: str, *, markdown: bool) -> int:
    """Print the catalog: every case of the test."""
    from helpers.webhooks.cases import CASES

    if markdown:
        click.echo("| Case | Sent | Must be | Severity | Why |\n|---|---|---|---|---|")
    for case in CASES:
        if scheme in case.schemes:
            click.echo(_row(case) if markdown else _block(case))
    return 0


@webhook.command("topics")
def list_topics() -> int:
    """Print the topics that have a sample to send."""
    from helpers.webhooks.samples import TOPICS

    click.echo("\n".join(TOPICS))
    return 0


def _expected(case: Case) -> str:
    words = {"accept": "accepted", "refuse": "refused", "survive": "answered without an error"}
    when = {"overlap": " during the overlap", "revoked": " after the rotation"}
    return words[case.expect] + when.get(case.phase, "") + (" (advice)" if case.advisory else "")


def _row(case: Case) -> str:
    cells = (case.id, case.sent, _expected(case), case.severity, case.why)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _block(case: Case) -> str:
    marks = "".join(
        f" [{mark}]" for mark, said in (("heavy", case.heavy), ("derived", case.derived)) if said
    )
    lines = [
        f"{case.id}  {case.title}{marks}",
        f"      Sent: {case.sent}",
        f"      Must be {_expected(case)}; {case.severity}. {case.why}",
        *(f"      {reference}" for reference in case.references),
    ]
    return "\n".join(lines)
