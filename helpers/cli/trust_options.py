"""Options by which the operator trusts more than the defaults do.

They are kept in the process environment, which is a trusted layer and reaches the kernels of a run.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from helpers.core.settings import ALLOW_HOSTS, TRUST_POLICY

__all__ = ["allow_host", "trust_policy"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def allow_host(command: _Command) -> _Command:
    """Add `--allow-host`, which may be repeated."""
    return click.option(
        "--allow-host",
        multiple=True,
        expose_value=False,
        callback=_allow,
        metavar="HOST",
        help="A host that is not Intercom's and may receive secrets. Repeatable.",
    )(command)


def trust_policy(command: _Command) -> _Command:
    """Add `--trust-policy`."""
    return click.option(
        "--trust-policy",
        is_flag=True,
        expose_value=False,
        callback=_trust,
        help="Let the repository's own policy.toml turn on acts, stores and mirrors.",
    )(command)


def _allow(_context: click.Context, _option: click.Parameter, hosts: tuple[str, ...]) -> None:
    if hosts:
        before = [name for name in (os.environ.get(ALLOW_HOSTS),) if name]
        os.environ[ALLOW_HOSTS] = ",".join((*before, *hosts))


def _trust(_context: click.Context, _option: click.Parameter, chosen: bool) -> None:  # noqa: FBT001
    if chosen:
        os.environ[TRUST_POLICY] = "1"
