"""Commands as they are printed: with the program's name, the workspace and the repository.

Texts name a command between backticks, in its short form: `runbook rotate access-token`. What shows
such a text passes it through `complete`, so that a reader can paste the command from where they
are, and it is about what the text is about. Nothing else writes these options.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

__all__ = [
    "CLONE",
    "CommandTarget",
    "complete",
    "complete_html",
    "current_target",
    "program",
    "set_target",
]

CLONE: Final = Path(__file__).resolve().parents[2]
_SCRIPT: Final = CLONE / "runbook"
_ALL: Final = ("--profile", "--repo", "--env-file", "--policy", "--workspaces")
# The options that a command, or every command of a group, takes of those; a test compares them.
TAKES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        ("audit", "auditlog", "review", "attest", "keys", "rotate", "scan", "scopes", "waive"), _ALL
    ),
    **dict.fromkeys(("webhook test", "webhook send", "webhook overlap", "policy show"), _ALL),
    "incident supply-chain": _ALL,
    "init": ("--profile", "--repo", "--workspaces"),
}
_IN_TEXT: Final = re.compile(r"`(?:\./)?runbook ([^`\n]+)`")
_IN_HTML: Final = re.compile(r"<code>(?:\./)?runbook ([^<\n]+)</code>")


@dataclass(frozen=True)
class CommandTarget:
    """What a printed command is about, and how the runbook is called. Empty: not named."""

    program: str = "./runbook"
    profile: str = ""
    repo: str = ""
    env_file: str = ""
    policy: str = ""
    workspaces: str = ""


_CURRENT: list[CommandTarget] = []


def set_target(target: CommandTarget) -> None:
    """Make this what the commands that this process prints are about."""
    _CURRENT[:] = [target]


def current_target() -> CommandTarget:
    """What they are about; nothing is named until it is known."""
    return _CURRENT[-1] if _CURRENT else CommandTarget(program=program())


def program() -> str:
    """How a person calls this runbook from here: by name, from the clone, or by its path."""
    named = shutil.which("runbook")
    places = (_SCRIPT, Path(sys.prefix) / "bin" / "runbook")
    if named and Path(named).resolve() in [place.resolve() for place in places]:
        return "runbook"
    return "./runbook" if Path.cwd() == CLONE else shlex.quote(str(_SCRIPT))


def complete(text: str, target: CommandTarget | None = None) -> str:
    """The text with each of its commands as a person can paste it; once is enough."""
    about = target or current_target()
    return _IN_TEXT.sub(lambda match: f"`{_completed(match[1], about)}`", text)


def complete_html(html: str, target: CommandTarget | None = None) -> str:
    """The same for markup, in which a command is set as code. Every value is escaped."""
    from markupsafe import escape

    about = target or current_target()
    escaped = CommandTarget(**{name: str(escape(text)) for name, text in asdict(about).items()})
    return _IN_HTML.sub(lambda match: f"<code>{_completed(match[1], escaped)}</code>", html)


def _completed(arguments: str, target: CommandTarget) -> str:
    words = arguments.split()
    taken = TAKES.get(words[0]) or TAKES.get(" ".join(words[:2]), ())
    if "--help" in words or "--profile" in words:
        taken = ()
    elif words[0] == "init" and target.profile == "sandbox":
        taken = ("--repo",)  # the demo needs no set-up: this is about the reader's own repository
    added = [
        f"{option} {shlex.quote(value)}"
        for option in taken
        if (value := getattr(target, option.strip("-").replace("-", "_")))
    ]
    return " ".join([target.program, arguments, *added])
