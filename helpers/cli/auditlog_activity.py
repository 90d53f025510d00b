"""`runbook auditlog fetch`, `ask`, `forget`: Intercom's own log, kept, questioned, let go."""

from __future__ import annotations

from datetime import timedelta

import click

from helpers.cli.auditlog_options import context_of, of_profile

__all__ = ["ask", "fetch", "forget"]


@click.command()
@of_profile
@click.option("--days", default=30, show_default=True, type=click.IntRange(1))
def fetch(profile: str, env_file: str, policy: str, days: int) -> None:
    """Fetch Intercom's activity log; goes on where it stopped, no closed day twice."""
    from helpers.auditlog.activity import fetch as fetched
    from helpers.auditlog.activity import pages_of
    from helpers.auditlog.partitions import Partitions

    with context_of(profile, env_file, policy) as context:
        end = context.clock()
        place = Partitions(context.state / "activity")
        done = fetched(
            pages_of(context.client),
            place,
            end - timedelta(days=days),
            end,
            progress=lambda line: click.echo(line, err=True),
        )
    click.echo(f"{done.rows:,} rows in {done.calls:,} calls; {done.days} days became complete.")


@click.command()
@of_profile
@click.argument("question", required=False)
def ask(profile: str, env_file: str, policy: str, question: str | None) -> None:
    """Put the questions to the activity log; with a QUESTION's name, show all its rows."""
    from helpers.auditlog.collect import collect
    from helpers.auditlog.views import answers, rows_of
    from helpers.core.errors import CollectionError
    from helpers.core.model import Unavailable

    with context_of(profile, env_file, policy) as context:
        facts = collect(context)
    if isinstance(facts.answers, Unavailable):
        raise CollectionError(facts.answers.reason, f"Call: {facts.answers.call}.")
    click.echo((rows_of(facts, question) if question else answers(facts)).text)


@click.command()
@of_profile
@click.option("--days", type=click.IntRange(31), help="Default: the policy's retention_days.")
def forget(profile: str, env_file: str, policy: str, days: int | None) -> None:
    """Drop fetched months that are older than so many days; the log says which."""
    from helpers.auditlog.partitions import Partitions

    with context_of(profile, env_file, policy) as context:
        keep = days or context.policy.auditlog.retention_days
        limit = context.clock().date() - timedelta(days=keep)
        place = Partitions(context.state / "activity")
        months = ", ".join(place.months_before(limit))
        if months:  # first: what can't be recorded is not done
            context.record("runbook.activity.forgotten", resource="activity", note=months)
            place.forget(limit)
    click.echo(f"Forgotten: {months}." if months else "Nothing is old enough.")
