"""Collect what the tokens may do, what the code needs, and what the last review found."""

from __future__ import annotations

from collections.abc import Mapping

from helpers.access.attestations import attested
from helpers.core.context import Context
from helpers.core.errors import CollectionError, RunbookError
from helpers.core.model import Cause, Datum, Known, Unavailable
from helpers.intercom.client import Client
from helpers.intercom.records import Teammate
from helpers.scopes.action import TOKENS
from helpers.scopes.needs import AUDIT_USES
from helpers.scopes.previous_review import recall, remember
from helpers.scopes.probes import probe_limits, probe_reads
from helpers.scopes.records import ProbeAnswer, ScopeFacts, TokenScopes, Use, WriteProbes
from helpers.scopes.usage.observed import merge, observe, recorded
from helpers.scopes.usage.scan import scan
from helpers.scopes.verdicts import Guards, verdicts_of

__all__ = ["collect"]

_Answers = Datum[tuple[tuple[ProbeAnswer, ...], Teammate | None]]


def collect(context: Context) -> ScopeFacts:
    """Ask each token with reads; write probes count if the act was carried out before."""
    asked = {name: _ask(context, name) for name in TOKENS}
    written = _written(context)
    guards = Guards()
    for name, answers in asked.items():
        if isinstance(answers, Known):
            guards.learn((*answers.value[0], *written.get(name, ())))
    tokens = {name: _token(context, name, asked[name], written, guards) for name in TOKENS}
    previous = recall(context.state)
    access = tokens["INTERCOM_ACCESS_TOKEN"]
    if isinstance(access, Known):
        remember(context.state, access.value, context.clock())
    return ScopeFacts(
        access=access,
        reader=tokens["INTERCOM_READ_TOKEN"],
        writer=tokens["INTERCOM_WRITE_TOKEN"],
        uses=_uses(context),
        allowed=Known(context.policy.scopes.allowed),
        previous=previous,
        attestations=attested(context.state),
    )


def _ask(context: Context, variable: str) -> _Answers:
    if context.settings.credential(variable) is None:
        return Unavailable(
            reason=f"{variable} is not set.", call=variable, cause=Cause.NOT_CONFIGURED
        )
    try:
        with Client.from_settings(
            context.settings,
            variable=variable,
            version=context.policy.environment.api_version,
            limits=probe_limits(context.policy.limits),
        ) as client:
            answers = probe_reads(client)
            owner = _owner(client, answers)
    except RunbookError as error:
        return Unavailable(reason=str(error), call="read probes")
    return Known((answers, owner))


def _owner(client: Client, answers: tuple[ProbeAnswer, ...]) -> Teammate | None:
    """The teammate behind a token. `/me` has no role in 2.16, so their own record is read."""
    if not any(a.call == "GET /admins/{id}" and a.status == 200 for a in answers):  # noqa: PLR2004
        return None
    try:
        return Teammate.of(client.admin(client.me().id))
    except CollectionError:
        return None


def _written(context: Context) -> Mapping[str, tuple[ProbeAnswer, ...]]:
    evidence = context.evidence
    if isinstance(evidence, Known) and isinstance(evidence.value, WriteProbes):
        return dict(evidence.value.answers)
    return {}


def _token(
    context: Context,
    variable: str,
    asked: _Answers,
    written: Mapping[str, tuple[ProbeAnswer, ...]],
    guards: Guards,
) -> Datum[TokenScopes]:
    credential = context.settings.credential(variable)
    if isinstance(asked, Unavailable):
        return asked
    answers, owner = asked.value
    verdicts = verdicts_of((*answers, *written.get(variable, ())), guards)
    return Known(
        TokenScopes(
            variable=variable,
            fingerprint=credential.fingerprint if credential else "",
            verdicts=verdicts,
            owner=owner,
        )
    )


def _uses(context: Context) -> Datum[tuple[Use, ...]]:
    """What the sources use, what was observed now and before, and what this audit itself uses."""
    try:
        seen = tuple(use for path in context.observed for use in observe(path))
        observed = merge(context.state, seen) if seen else recorded(context.state)
        return Known((*scan(context.repo), *observed, *AUDIT_USES))
    except (RunbookError, OSError) as error:
        return Unavailable(reason=str(error), call="scan of the sources")
