"""`runbook waive`: accept a finding until a day, on record in `waivers.toml`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from helpers.cli.subject_options import about_a_workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from helpers.core.model import Finding, Resource
    from helpers.core.policy import WaiverPolicy
    from helpers.core.waivers import Waiver
    from helpers.notebook.parameters import Choices

__all__ = ["waive"]

_NEW_FILE_MODE: Final = 0o644  # it is committed, and reviewed
_SHOWN: Final = 5


@click.command()
@about_a_workspace(effect=True)
@click.argument("check")
@click.argument("resource")
@click.option("--reason", required=True, help="Why the finding is accepted.")
@click.option("--owner", required=True, help="Who answers for it.")
@click.option(
    "--until",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="The last day it holds. The policy says how far ahead (default: a year).",
)
@click.option(
    "--run", default="", help="The run that shows the finding. Default: the profile's latest."
)
def waive(  # noqa: PLR0917 (click passes each option as an argument)
    choices: Choices,
    check: str,
    resource: str,
    reason: str,
    owner: str,
    until: datetime,
    run: str,
) -> None:
    r"""Accept the failures of a CHECK for a RESOURCE, a key or a pattern, until a day.

    Adds an entry to waivers.toml; what is there stays as it is. The verdict stays as well: a waived
    failure is reported as such, and counts again after the day.

    \b
        runbook waive ACC-004 admin:81 --owner ana@example.com \\
            --reason "Contractor, leaves in March" --until 2026-03-31
    """
    from helpers.core import catalog
    from helpers.core.settings import Profile
    from helpers.core.waivers import Waiver
    from helpers.notebook.context_factory import policy_of
    from helpers.report.folder import run_named

    wanted = Waiver(
        check=catalog.find(check).id,
        resource=resource,
        owner=owner,
        reason=reason,
        expires=until.date(),
        workspace="" if choices.profile in list(Profile) else choices.profile,
    )
    _refuse(wanted, policy_of(choices).waivers)
    covered = _covered(wanted, run_named(run) if run else _latest(choices.profile))
    path = _write(choices, wanted)
    found = "1 finding" if len(covered) == 1 else f"{len(covered)} findings"
    click.echo(f"{path}: {wanted.check} for {wanted.resource} is waived until {wanted.expires}.")
    click.echo(f"It covers {found} of the run. Commit the file, so that others can review it.")


def _refuse(waiver: Waiver, policy: WaiverPolicy) -> None:
    """Raise UsageError for what a run would not accept (WVR-001, WVR-005)."""
    from helpers.core import catalog
    from helpers.core.errors import UsageError
    from helpers.core.waivers import refusal

    today = datetime.now(UTC).date()
    latest = today + timedelta(days=policy.max_waiver_days)
    if not waiver.holds(today):
        raise UsageError(f"{waiver.expires} is over.", f"Name a day up to {latest}.")
    if why := refusal(waiver, catalog.load(), policy, today):
        advice = f"Name a day up to {latest}." if waiver.expires > latest else "Name one resource."
        raise UsageError(f"The policy does not allow this waiver. {why}", advice)


def _latest(profile: str) -> Path:
    from helpers.core.errors import UsageError
    from helpers.report.folder import finished_runs

    if found := finished_runs(Path("runs"), profile):
        return found[0]
    raise UsageError(
        f"There is no run of {profile} under runs/, so nothing shows what would be waived.",
        "Audit first, or name the folder of a run: --run FOLDER.",
    )


def _covered(waiver: Waiver, run: Path) -> Sequence[Finding]:
    """The findings of the run that the waiver covers. Raises UsageError where there is none."""
    from helpers.core.errors import UsageError
    from helpers.core.waivers import WAIVABLE
    from helpers.report.folder import load_report

    judged = [f for f in load_report(run).findings if f.check == waiver.check]
    open_ones = [f for f in judged if f.status in WAIVABLE]
    covered = [f for f in open_ones if waiver.covers(f.check, f.resource)]
    if covered:
        return covered
    if not open_ones:
        raise UsageError(f"{waiver.check} has no open finding in {run}.", "Name another --run.")
    keys = {name: f.resource for f in open_ones for name in (f.resource.key, f.resource.label)}
    near = get_close_matches(waiver.resource, keys, n=_SHOWN, cutoff=0.3) or [*keys][:_SHOWN]
    raise UsageError(
        f"{waiver.check} has no open finding for {waiver.resource!r} in {run}.",
        f"Did you mean: {', '.join(dict.fromkeys(_named(keys[name]) for name in near))}?",
    )


def _named(resource: Resource) -> str:
    name = f" ({resource.name})" if resource.name and resource.name != resource.key else ""
    return f"{resource.key}{name}"


def _write(choices: Choices, waiver: Waiver) -> Path:
    from helpers.core.errors import UsageError
    from helpers.core.waivers import with_waiver
    from helpers.notebook.context_factory import waivers_place
    from helpers.system.files import replace_private

    path = waivers_place(choices)
    if path is None:
        raise UsageError("The demo keeps no waivers.", "Name a --profile, a --repo or a --policy.")
    if path.is_symlink():
        raise UsageError(f"{path} is a link.", "Edit the file that it leads to.")
    text = with_waiver(path, waiver)
    mode = path.stat().st_mode & 0o777 if path.exists() else _NEW_FILE_MODE
    try:
        replace_private(path, text.encode(), mode=mode)
    except (OSError, UnicodeEncodeError) as error:
        reason = getattr(error, "strerror", None) or "a character can't be written"
        raise UsageError(f"{path} can't be written: {reason}.", "Check the folder.") from None
    return path
