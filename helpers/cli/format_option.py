"""The option `--format`, the same in every command that prints a report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

__all__ = ["report_format"]

_SAME: Final = {"md": "markdown"}


class _Format(click.Choice[str]):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return super().convert(_SAME.get(value, value), param, ctx)


_Function = TypeVar("_Function", bound=Callable[..., Any])


def report_format(*formats: str) -> Callable[[_Function], _Function]:
    """Add `--format`, with `md` for `markdown`."""
    return click.option(
        "--format",
        "form",
        type=_Format(formats),
        default=formats[0],
        show_default=True,
        help="`md` is `markdown`." if "markdown" in formats else None,
    )
