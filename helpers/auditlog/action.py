"""The action of the audit step: bring the mirrors up to date, if the policy turns them on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from helpers.auditlog.mirrors import Sink, deliver
from helpers.auditlog.records import MirrorEvidence
from helpers.auditlog.sinks import IntercomEvents, Syslog
from helpers.auditlog.status import log_folder
from helpers.core.context import Context
from helpers.core.errors import RunbookError
from helpers.core.model import Cause, Unavailable

__all__ = ["act"]


def act(context: Context) -> MirrorEvidence | Unavailable:
    """Send the waiting records to every mirror that the policy names.

    Raises nothing for a mirror that can't be used: the result says why.
    """
    if not context.policy.acts.mirror:
        return Unavailable(
            reason="Mirrors are off: `acts.mirror` in policy.toml turns them on.",
            call="POST /events, syslog",
            cause=Cause.OFF,
        )
    folder, _ = log_folder(context.settings, context.state)
    try:
        with ExitStack() as closing:
            sinks = list(_sinks(context, closing))
            return MirrorEvidence(
                mirrors=tuple(deliver(folder, context.state, one, context.clock) for one in sinks)
            )
    except RunbookError as error:
        return Unavailable(reason=str(error), call="POST /events, syslog")
    except OSError as error:
        reason = f"The audit log can't be read: {(error.strerror or 'unknown').lower()}."
        return Unavailable(reason=reason, call="POST /events, syslog")


def _sinks(context: Context, closing: ExitStack) -> Iterator[Sink]:
    wanted = context.policy.auditlog
    if wanted.mirror_contact:
        from helpers.intercom.client import Client

        client = closing.enter_context(Client.from_settings(context.settings, acts=("mirror",)))
        yield IntercomEvents(client, wanted.mirror_contact)
    if wanted.syslog:
        yield Syslog(wanted.syslog)
