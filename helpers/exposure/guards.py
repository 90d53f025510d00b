"""What keeps a secret from being committed: a scanner before the commit, or in CI.

A guard is known by its name in the files that would run it. Nothing is run to find out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from helpers.exposure.repository import Repository

__all__ = ["guards"]

_SCANNERS: Final = (
    "runbook scan",
    "runbook-scan",
    "betterleaks",
    "detect-secrets",
    "ggshield",
    "git-secrets",
    "gitleaks",
    "kingfisher",
    "noseyparker",
    "trufflehog",
)
_FILES: Final = (
    ".pre-commit-config.yaml",
    ".pre-commit-config.yml",
    "lefthook.yml",
    ".husky/pre-commit",
    ".gitlab-ci.yml",
    ".circleci/config.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "Jenkinsfile",
)
_MOST_BYTES: Final = 1 << 20


def guards(repository: Repository) -> tuple[str, ...]:
    """The scanners and the file that runs each, such as `gitleaks (.pre-commit-config.yaml)`."""
    found = {
        f"{scanner} ({name})"
        for name, text in _texts(repository)
        for scanner in _SCANNERS
        if scanner in text
    }
    return tuple(sorted(found))


def _texts(repository: Repository) -> Iterator[tuple[str, str]]:
    places = [(name, repository.tree / name) for name in _FILES] if repository.tree else []
    if repository.tree:
        workflows = sorted((repository.tree / ".github" / "workflows").glob("*.y*ml"))
        places += [(f".github/workflows/{path.name}", path) for path in workflows]
    if repository.common:
        places.append(("git's pre-commit hook", repository.common / "hooks" / "pre-commit"))
    for name, path in places:
        if text := _text(path):
            yield name, text


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as stream:
            return stream.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
