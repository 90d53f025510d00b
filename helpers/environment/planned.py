"""Changes that could be made to a repository, to look at: the lines that would be added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from helpers.core.redaction import sanitize
from helpers.core.view import View, prose, stack
from helpers.environment.setup import Change

__all__ = ["planned"]

_FILE: Final = Markup("<p><code>{}</code>, {}:</p><pre>{}</pre>")
_ADDED: Final = Markup('<span style="color:#14502a">+ {}</span>')


def planned(changes: Sequence[Change]) -> View:
    """The lines that each file would get. What stands there already is not shown: it stays."""
    if not changes:
        return prose("`.env.example` and `.gitignore` are as they should be.")
    return stack(*map(_change, changes))


def _change(change: Change) -> View:
    lines = [sanitize(line) for line in change.added() if line]
    how = "a line more" if len(lines) == 1 else f"{len(lines)} lines more"
    kind = how if change.before else "a new file"
    shown = Markup("\n").join(_ADDED.format(line) for line in lines)
    text = "\n".join((f"{change.path.name}, {kind}:", *(f"+ {line}".rstrip() for line in lines)))
    return View(_FILE.format(change.path.name, kind, shown), text)
