"""What a new repository needs: `.env.example`, rules in `.gitignore`, a private `.env`.

A change is planned first, so that it can be shown; making it twice changes nothing. Lines that are
there already are left as they are.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from helpers.core.errors import ConfigurationError, UsageError
from helpers.core.settings import VARIABLES, Variable, read_bounded
from helpers.system.files import write_private

__all__ = ["FileChange", "apply", "env_text", "example_text", "plan"]

IGNORED: Final = (
    ".env",
    ".env.local",
    ".env.*.local",
    ".env.development",
    ".env.staging",
    ".env.production",
    "runs/",  # reports of audits
)
_VALUE: Final = re.compile(r"[A-Za-z0-9+/=_.:~?&%@-]*")
_SHARED_MODE: Final = 0o644


@dataclass(frozen=True)
class FileChange:
    """A file as it is and as it would be. Neither holds a secret."""

    path: Path
    before: str
    after: str

    def diff(self) -> str:
        """The change in unified form."""
        name = self.path.name
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), name, name, lineterm=""
        )
        return "\n".join(lines)

    def added(self) -> tuple[str, ...]:
        """The lines that would be new; a plan only adds some, at the end."""
        return tuple(self.after[len(_ended(self.before)) :].splitlines())


def plan(repo: Path) -> tuple[FileChange, ...]:
    """The changes to `.env.example` and `.gitignore` that are still to be made, maybe none."""
    changes = (
        _planned(repo / ".env.example", _with_variables),
        _planned(repo / ".gitignore", _with_rules),
    )
    return tuple(change for change in changes if change.before != change.after)


def apply(changes: Iterable[FileChange]) -> None:
    """Make the changes. Raises UsageError where a file was changed since it was planned."""
    for change in changes:
        if _read(change.path) != change.before:
            raise UsageError(f"{change.path.name} was changed meanwhile.", "Run it again.")
        write_private(change.path, change.after)
        change.path.chmod(_SHARED_MODE)  # both are committed and hold nothing secret


def example_text() -> str:
    """`.env.example`: every variable with what it is for, and no value."""
    return _with_variables("")


def env_text(values: Mapping[str, SecretStr]) -> str:
    """A `.env` with these values. Raises ConfigurationError for characters that no key has."""
    return "".join(f"{name}={_plain(name, value)}\n" for name, value in values.items())


def _plain(name: str, value: SecretStr) -> str:
    if not _VALUE.fullmatch(value.get_secret_value()):
        raise ConfigurationError(
            f"The value for {name} has a character that no Intercom secret has.",
            "Copy it again, without quotes or spaces.",
        )
    return value.get_secret_value()


def _planned(path: Path, changed: Callable[[str], str]) -> FileChange:
    before = _read(path)
    return FileChange(path, before, changed(before))


def _read(path: Path) -> str:
    """A file's text, "" for none. A link is refused: what it leads to would be copied here."""
    if path.is_symlink():
        raise ConfigurationError(f"{path} is a link.", "Put a file of its own in its place.")
    try:
        return read_bounded(path).decode("utf-8").replace("\r\n", "\n") if path.exists() else ""
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} can't be read: it is not UTF-8.", "Fix it.") from None


def _with_variables(text: str) -> str:
    missing = [v for v in VARIABLES if not re.search(rf"^\s*{v.name}=", text, re.MULTILINE)]
    header = (
        "" if text else "# Copy to .env (never to git) and fill in; ./runbook init does both.\n"
    )
    return _ended(text) + header + "".join(_described(variable) for variable in missing)


def _described(variable: Variable) -> str:
    return f"\n# {variable.purpose}\n{variable.name}=\n"


def _with_rules(text: str) -> str:
    present = {line.strip() for line in text.splitlines()}
    missing = [rule for rule in IGNORED if rule not in present]
    if not missing:
        return text
    header = "# Secrets and reports never reach git.\n"
    return _ended(text) + ("\n" if text else "") + header + "".join(f"{r}\n" for r in missing)


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"
