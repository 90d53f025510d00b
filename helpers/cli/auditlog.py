"""`runbook auditlog …`: the log verified, sealed, read, handed on; Intercom's own log fetched."""

from __future__ import annotations

import click

from helpers.cli.auditlog_activity import ask, fetch, forget
from helpers.cli.auditlog_care import expire, mirror, seal, verify
from helpers.cli.auditlog_records import export, query, tail

__all__ = ["auditlog"]


@click.group()
def auditlog() -> None:
    """Verify, seal, read and export the audit log; fetch and question Intercom's own."""


for _command in (verify, seal, expire, mirror, tail, query, export, fetch, ask, forget):
    auditlog.add_command(_command)
