"""What a kernel says instead of a traceback.

`runbook lab` loads it into every kernel; in a JupyterLab that was started otherwise, a notebook's
second cell does. Before that cell has run, such a kernel knows nothing of the runbook.

A cell that runs before those above it, or after the kernel was restarted, misses a name; a choice
that can't be used has advice. Both are one sentence for a reader.
"""

from __future__ import annotations

from typing import Any, Final

from helpers.core.errors import RunbookError
from helpers.core.redaction import KNOWN
from helpers.core.view import Tone, View, prose, stack, tag

__all__ = ["load_ipython_extension", "message_for"]

_OURS: Final = frozenset(
    {"choices", "choose", "checklist", "open_checklist", "open_start", "open_step"}
    | {"env_file", "observed", "policy", "profile", "repo", "run_dir", "start", "step"}
)


def load_ipython_extension(shell: Any) -> None:
    """Handle these errors in a shell."""
    shell.set_custom_exc((NameError, RunbookError), _handled)


def message_for(error: BaseException) -> View | None:
    """What to say about an error; None for one that the reader's own code made."""
    if isinstance(error, RunbookError):
        said = stack(prose(KNOWN.text(error.message)), prose(KNOWN.text(error.advice)))
    elif isinstance(error, NameError) and error.name in _OURS:
        said = prose("Run the first two cells, then the cells down to this one: they come first.")
    else:
        return None
    mark = tag("Not run", Tone.WARN)
    return stack(View(mark, "Not run."), said)


def _handled(shell: Any, kind: Any, error: BaseException, trace: Any, **_offset: Any) -> None:
    from IPython.display import display

    if message := message_for(error):
        display(message)  # type: ignore[no-untyped-call]
    else:
        shell.showtraceback((kind, error, trace))
