"""`runbook webhook overlap`: test a receiver with both secrets of an open rotation."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

import click

from helpers.cli.subject_options import about_a_workspace
from helpers.cli.webhook_options import consent_option
from helpers.core.commands import complete
from helpers.core.exit_status import NOTHING_VERIFIED
from helpers.notebook.parameters import Choices

__all__ = ["overlap"]

_NEXT: Final = {
    False: "Both are accepted. Make Intercom sign with the new one; then remove the old one from "
    "every receiver, and run this with --revoked.",
    True: "The old one is refused. Go on: "
    "`runbook rotate client-secret --resume --try-receiver URL`.",
}


@click.command()
@about_a_workspace(effect=True)
@click.option("--url", default="", help="The receiver. Default: the profile's own.")
@click.option("--scheme", type=click.Choice(["webhook", "canvas_kit"]), default="webhook")
@click.option("--revoked", is_flag=True, help="The old secret must be refused.")
@consent_option
def overlap(
    *,
    choices: Choices,
    url: str,
    scheme: str,
    revoked: bool,
    consent: bool,
) -> int:
    r"""Test the receiver with both secrets of an open rotation.

    Both client secrets come from the profile's store, so nobody has to copy one. About 30
    requests are sent.

    \b
    Exit status: 0 as it should be; 11..14 the worst failure; 3 the receiver was not reached;
    2 no rotation is under way, no receiver is known, or consent is missing.
    """
    from helpers.cli.webhook_test import report_of_run
    from helpers.core.exit_status import exit_status
    from helpers.core.model import Severity
    from helpers.notebook.confirmation import confirm_workspace
    from helpers.notebook.context_factory import open_context
    from helpers.webhooks.records import CaseOutcome
    from helpers.webhooks.reporting import result_lines
    from helpers.webhooks.signatures import SCHEMES
    from helpers.workflows.overlap import try_overlap

    with ExitStack() as closing:
        context = open_context("webhooks", choices, closing)
        confirm_workspace(context)
        result = try_overlap(
            context, url=url, revoked=revoked, consent=consent, scheme=SCHEMES[scheme]
        )
        for line in result_lines(result):
            click.echo(context.redactor.text(line))
    if not result.count(CaseOutcome.PASS, CaseOutcome.NOTE, CaseOutcome.FAIL):
        return NOTHING_VERIFIED
    if not result.count(CaseOutcome.FAIL, CaseOutcome.INCONCLUSIVE):
        click.echo(complete(_NEXT[revoked]))
    return exit_status(report_of_run(result), Severity.LOW)
