"""`runbook webhook test`: the battery against a receiver, and its result in every format."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from helpers.cli.subject_options import about_a_workspace
from helpers.cli.webhook_options import (
    consent_option,
    previous_option,
    recorded,
    scheme_option,
    secret_for,
    variable_option,
)
from helpers.core.errors import UsageError
from helpers.core.exit_status import THRESHOLDS, Threshold
from helpers.core.model import Severity

if TYPE_CHECKING:
    from helpers.core.model import Report
    from helpers.notebook.parameters import Choices
    from helpers.webhooks.records import BatteryResult
    from helpers.webhooks.request_builder import PreviousSecret

__all__ = ["report_of_run", "run_test"]


@click.command("test")
@click.argument("url")
@scheme_option
@variable_option
@previous_option
@click.option("--revoked", is_flag=True, help="The previous secret must be refused.")
@click.option("--case", "cases", multiple=True, metavar="ID", help="Only this case; repeatable.")
@consent_option
@about_a_workspace(effect=True)
@click.option("--heavy", is_flag=True, help="Also large bodies and bursts, if not local.")
@click.option("--quick", is_flag=True, help="Only what is critical, without large bodies.")
@click.option("--header", "headers", multiple=True, metavar="NAME:VALUE", help="Sent with each.")
@click.option("--app-id", default="sample01", show_default=True, help="The workspace's id.")
@click.option("--timeout", type=click.FloatRange(0.1, 60), default=8.0, show_default=True)
@click.option("--budget", type=click.FloatRange(1), default=120.0, show_default=True)
@click.option(
    "--processed",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file into which the receiver writes the id of each delivery it acts upon, a line each.",
)
@click.option("--all", "every", is_flag=True, help="Also list passed cases.")
@click.option("--json", "as_json", type=click.Path(path_type=Path), help="Write the result.")
@click.option("--junit", type=click.Path(path_type=Path), help="Write JUnit XML.")
@click.option("--sarif", type=click.Path(path_type=Path), help="Write SARIF 2.1.0.")
@click.option("--fail-on", type=click.Choice(THRESHOLDS), default="high", show_default=True)
def run_test(  # noqa: PLR0917 (click passes options so)
    url: str,
    scheme: str,
    variable: str,
    previous: str,
    cases: tuple[str, ...],
    headers: tuple[str, ...],
    app_id: str,
    timeout: float,
    budget: float,
    processed: Path | None,
    as_json: Path | None,
    junit: Path | None,
    sarif: Path | None,
    fail_on: str,
    choices: Choices,
    *,
    consent: bool,
    heavy: bool,
    quick: bool,
    every: bool,
    revoked: bool,
) -> int:
    r"""Test the receiver at URL with every case of the catalog.

    Genuine deliveries are sent, and forged and malformed ones. The secrets come from the
    environment, the profile's env file or a hidden prompt, never from an argument. With the
    previous secret of a rotation, deliveries signed with it must be accepted; with --revoked too,
    they must be refused.

    \b
    Exit status:
      0       nothing fails at or above the threshold
      2       usage, or no consent
      3       the receiver could not be reached
      10      something could not be judged, and nothing fails
      11..14  the worst failure: low, medium, high, critical
    """
    from helpers.core.exit_status import NOTHING_VERIFIED, exit_status
    from helpers.notebook.context_factory import settings_of
    from helpers.webhooks.assessment import assess
    from helpers.webhooks.battery import BatteryOptions, send_battery
    from helpers.webhooks.delivery_rules import latency_summary
    from helpers.webhooks.records import CaseOutcome
    from helpers.webhooks.reporting import result_lines
    from helpers.webhooks.request_builder import RequestBuilder
    from helpers.webhooks.signatures import SCHEMES
    from helpers.webhooks.target import parse_headers, parse_target

    options = BatteryOptions(
        cases=cases,
        consent=consent,
        heavy=heavy,
        quick=quick,
        timeout=timeout,
        budget=budget,
        headers=parse_headers(headers),
        profile=choices.profile,
        observer=_observer(processed),
    )
    target = parse_target(url)
    settings = settings_of(choices)
    key = secret_for(scheme, variable, settings=settings)
    run_id = f"{datetime.now(UTC):%Y%m%d%H%M%S}_"
    before = _previous(scheme, previous, key, revoked=revoked)
    if consent or target.loopback:
        recorded(choices.profile, "runbook.webhook.battery", target.receiver.address)
    builder = RequestBuilder(
        SCHEMES[scheme], key, app_id=app_id, run_id=run_id, previous=before, variable=variable
    )
    run = send_battery(target, builder, options)
    result = assess(run, builder)
    for line in result_lines(result, every=every):
        click.echo(line)
    if took := latency_summary(run.timed):
        click.echo(took)
    report = report_of_run(result)
    _write(result, report, as_json=as_json, junit=junit, sarif=sarif)
    if not result.count(CaseOutcome.PASS, CaseOutcome.NOTE, CaseOutcome.FAIL):
        return NOTHING_VERIFIED
    return exit_status(report, _threshold(fail_on))


def _previous(
    scheme: str, variable: str, current: bytes, *, revoked: bool
) -> PreviousSecret | None:
    from helpers.webhooks.request_builder import PreviousSecret

    if variable:
        key = secret_for(scheme, variable, what="previous secret")
        if key == current:
            raise UsageError(
                f"{variable} contains the current secret: nothing was rotated.",
                "Set it to the previous secret.",
            )
        return PreviousSecret(variable, key, revoked)
    if revoked:
        raise UsageError(
            "--revoked needs a previous secret, and none is named.",
            "Name its variable with --previous-secret-variable.",
        )
    return None


def _observer(processed: Path | None) -> Callable[[], Collection[str]] | None:
    if processed is None:
        return None

    def ids() -> Collection[str]:
        try:
            return processed.read_text("utf-8").split()
        except OSError as error:
            raise UsageError(
                f"{processed} can't be read: {error.strerror}.",
                "Make the receiver write ids there.",
            ) from None

    return ids


def report_of_run(result: BatteryResult) -> Report:
    """A report of one run, for its formats and its exit status."""
    from helpers.report.build import tool_version
    from helpers.webhooks.reporting import report_of

    return report_of(
        result,
        profile="webhook",
        generated_at=datetime.now(UTC),
        tool_version=tool_version(),
    )


def _write(
    result: BatteryResult,
    report: Report,
    *,
    as_json: Path | None,
    junit: Path | None,
    sarif: Path | None,
) -> None:
    if as_json:
        _save(as_json, result.model_dump_json(indent=2) + "\n")
    if junit:
        from helpers.webhooks.reporting import junit_xml

        _save(junit, junit_xml(result))
    if sarif:
        from helpers.report.sarif import to_sarif

        _save(sarif, to_sarif(report))


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}.", "Name another.") from None


def _threshold(text: str) -> Threshold:
    return "never" if text == "never" else Severity(text)
