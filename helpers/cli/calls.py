"""`runbook calls`: every call that an audit may make."""

from __future__ import annotations

import json as json_module

import click

__all__ = ["calls"]


@click.command()
@click.argument("step", default="")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def calls(step: str, *, as_json: bool) -> None:
    """Method, route, scope, and whether it reads or writes; of one STEP, or of the whole audit.

    The transport refuses everything else before a packet leaves.
    """
    from helpers.core.steps import step_named
    from helpers.intercom.calls import AUDIT_CALLS
    from helpers.notebook.calls_view import calls_of

    name = step_named(step).name if step else ""
    if not as_json:
        click.echo(calls_of(name).text)
        return
    rows = [
        {
            "method": call.method,
            "route": call.route,
            "scope": call.scope,
            "kind": call.kind,
            "act": call.act,
            "steps": call.steps,
            "why": call.why,
        }
        for call in AUDIT_CALLS
        if not name or name in call.steps
    ]
    click.echo(json_module.dumps(rows, indent=1))
