"""An entry of `workspaces.toml` as `runbook init` writes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from helpers.core.settings import Profile, Workspace
from helpers.core.toml_text import toml_value
from helpers.core.workspaces import parse_workspaces

__all__ = ["entry_text", "extended"]


def entry_text(
    name: str, *, environment: Profile, env_file: str = "", repository: Path | None = None
) -> str:
    """The table of a workspace. Holds names, never a secret."""
    lines = [f"[{name}]", f"environment = {toml_value(environment.value)}"]
    if env_file:
        lines.append(f"secrets = {toml_value(f'env-file:{env_file}')}")
    if repository:
        lines.append(f"repositories = {toml_value({repository.name: str(repository)})}")
    return "\n".join(lines) + "\n"


def extended(before: str, entry: str, path: Path) -> Mapping[str, Workspace]:
    """The workspaces of a file with another entry.

    Raises ConfigurationError, with the line, where the file or the entry can't be used.
    """
    return parse_workspaces(before + ("\n" if before else "") + entry, path)
