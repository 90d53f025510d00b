"""What the exposure step reads: the whole repository, and what guards it, without the network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from helpers.core.context import Context
from helpers.core.errors import RunbookError
from helpers.core.model import Datum, Known, Unavailable
from helpers.exposure.configured import configured_secrets, variables_by_fingerprint
from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.records import ConfiguredSecret, ExposureFacts, known_leaks
from helpers.exposure.repository import Repository, open_repository
from helpers.exposure.scan import RepositoryScan, open_cache, scan
from helpers.exposure.scan_items import ScanProgress

__all__ = ["collect", "guards"]

_MOST_LEAKS: Final = 500  # listed one by one
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


def collect(context: Context) -> ExposureFacts:
    """Search the repository for secrets; nothing in it is run, changed or sent anywhere."""
    credentials = list(context.settings.credentials())
    known = Known(tuple(configured_secrets(credentials)))
    try:
        engine = Kingfisher(
            all_rules=context.policy.exposure.rules == "all", credentials=credentials
        )
        scanned = scan(
            context.repo,
            engine,
            cache=open_cache(context.state, engine.identity),
            configured=variables_by_fingerprint(credentials),
            observe=lambda progress: context.progress(_progress_text(progress)),
        )
        found = guards(open_repository(context.repo))
    except RunbookError as error:
        missing = Unavailable(reason=error.message, call="git cat-file --batch-all-objects")
        return ExposureFacts(
            leaks=missing,
            leaks_total=missing,
            coverage=missing,
            configured=known,
            guards=missing,
        )
    return _facts(scanned, known, found)


def _facts(
    scanned: RepositoryScan, known: Datum[tuple[ConfiguredSecret, ...]], found: tuple[str, ...]
) -> ExposureFacts:
    return ExposureFacts(
        leaks=known_leaks(scanned.leaks[:_MOST_LEAKS], scanned.coverage),
        leaks_total=Known(len(scanned.leaks)),
        coverage=Known(scanned.coverage),
        configured=known,
        guards=Known(found),
    )


def _progress_text(progress: ScanProgress) -> str:
    megabytes = progress.done >> 20
    return f"{megabytes} MB searched, {progress.found} secrets"


def guards(repository: Repository) -> tuple[str, ...]:
    """Return the scanners that run before a commit or in CI, each with the file that runs it.

    A scanner is recognised by its name in the file, such as `gitleaks (.pre-commit-config.yaml)`.
    Nothing is run to find out.
    """
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
