"""The questions of `runbook init`: one value at a time, and each is checked when it is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from helpers.core.errors import RunbookError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from helpers.core.settings import Variable

__all__ = ["ask_all"]

Answers = dict[str, "SecretStr"]


def ask_all(*, every: bool, check: bool) -> Answers:
    """Ask for the variables that an audit needs, or for every one. What is left out is not there.

    With `check`, Intercom is asked whether the token works; what is wrong is asked for again, and
    all other answers stay.
    """
    from helpers.environment.entering import asked_variables

    variables = asked_variables(every=every)
    click.echo("Secrets are not shown. Press Enter to leave a variable out.")
    answers: Answers = {}
    for variable in variables:
        _ask(variable, answers)
    by_name = {variable.name: variable for variable in variables}
    while check and (wrong := _wrong_by_intercom(answers)):
        if not _ask(by_name[wrong], answers):
            break
    return answers


def _ask(variable: Variable, answers: Answers) -> bool:
    """Ask until the value can be used, or is left out; True if there is one."""
    from pydantic import SecretStr

    from helpers.core.redaction import KNOWN, fingerprint
    from helpers.environment.entering import problem_with

    click.echo(f"\n{variable.purpose}")
    answers.pop(variable.name, None)
    while True:
        typed = click.prompt(
            variable.name, default="", show_default=False, hide_input=variable.secret
        ).strip()
        if not typed:
            return False
        if variable.secret:
            KNOWN.register(variable.kind, typed)
        if problem := problem_with(variable, typed):
            click.echo(problem)
            continue
        answers[variable.name] = SecretStr(typed)
        if variable.secret:
            mark = fingerprint(variable.kind, typed)
            click.echo(f"Taken: {len(typed)} characters, fingerprint {mark}.")
        return True


def _wrong_by_intercom(answers: Answers) -> str:
    """The variable that Intercom's answer contradicts; empty if none, or nothing was found out."""
    import httpx

    from helpers.core.errors import IntercomError
    from helpers.intercom.client import Client
    from helpers.intercom.regions import HOSTS, same_region
    from helpers.intercom.trusted_hosts import require_allowed

    token = answers.get("INTERCOM_ACCESS_TOKEN")
    if token is None:
        return ""
    region = _text(answers, "INTERCOM_REGION") or "us"
    host = _text(answers, "INTERCOM_BASE_URL") or HOSTS[region.lower()]
    try:
        require_allowed(httpx.URL(host).host, "INTERCOM_BASE_URL")
        with Client(token, host) as client:
            app = client.me().app
    except IntercomError as error:
        click.echo(f"Intercom: {error.message}")
        return "INTERCOM_ACCESS_TOKEN"
    except RunbookError as error:
        click.echo(f"Not checked: {error.message}")
        return ""
    click.echo(
        f"Intercom: {app.name or 'a workspace'} ({app.id_code}), region {app.region or '?'}."
    )
    if same_region(region, app.region or "") is False:
        click.echo(f"That is not the region {region}.")
        return "INTERCOM_REGION"
    known = _text(answers, "INTERCOM_APP_ID")
    if known and known != app.id_code:
        click.echo(f"That is not the workspace {known}.")
        return "INTERCOM_APP_ID"
    if not known:
        from pydantic import SecretStr

        answers["INTERCOM_APP_ID"] = SecretStr(app.id_code)
    return ""


def _text(answers: Answers, name: str) -> str:
    value = answers.get(name)
    return value.get_secret_value() if value else ""
