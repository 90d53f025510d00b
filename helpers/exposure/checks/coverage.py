"""Was everything searched, and does a scanner run before the next commit?"""

from __future__ import annotations

from collections.abc import Iterator

from helpers.core.catalog import check
from helpers.core.model import (
    Effort,
    Evidence,
    Outcome,
    Resource,
    Severity,
    failed,
    manual,
    not_applicable,
    passed,
    unclear,
)
from helpers.exposure.records import ScanCoverage

__all__ = ["clean", "commits_are_guarded", "search_was_complete"]

_REPOSITORY = Resource(kind="repository", key="repository", name="the repository")
_NO_HISTORY = "is in no git repository, so it has no history"
_MOST_SKIPPED = 8  # in a finding; the facts hold more


@check(
    id="EXP-005",
    step="exposure",
    title="The whole repository was searched",
    fails="Part of the repository was not searched",
    severity=Severity.MEDIUM,
    effort=Effort.MINUTES,
    remediation=(
        (
            "A shallow clone: `git fetch --unshallow`. A partial one: `git fetch --refetch "
            "--no-filter`. No repository: name one with --repo."
        ),
        "Damaged objects: `git fsck --full`, then fetch them from another clone.",
        (
            "Run the audit again, preferably in the clone of the person who wrote the code: only "
            "that one has stashes and dropped commits."
        ),
    ),
    controls=("NIST CSF DE.CM-09", "SOC 2 CC7.1"),
)
def search_was_complete(coverage: ScanCoverage, leaks_total: int) -> Iterator[Outcome]:
    """What was not searched may hold a secret, so not reporting it would be a false PASS.

    PASS: every object and file was searched.
    FAIL: the folder is in no repository, and so without its history.
    MANUAL: some objects or files could not be opened; a person has to check them.
    NOT_APPLICABLE: there was nothing to search.
    ERROR: the repository could not be read, or part of the history is not there: the clone is
        shallow or partial, or the search was interrupted.
    """
    missing = _missing_history(coverage)
    if missing:
        yield unclear(_REPOSITORY, f"Part of it was not searched: {missing}.")
    if not coverage.git:
        yield failed(_REPOSITORY, f"The folder {_NO_HISTORY}.")
    if coverage.missed_total or coverage.missed:
        listed = [Evidence(what=m.reason, where=m.where) for m in coverage.missed[:_MOST_SKIPPED]]
        yield manual(
            _REPOSITORY, f"{coverage.missed_total} items in it were not searched.", *listed
        )
    if missing or coverage.missed_total or coverage.missed or not coverage.git:
        return
    if not coverage.objects and not coverage.files:
        yield not_applicable(_REPOSITORY, "It is empty.")
        return
    yield passed(
        _REPOSITORY,
        f"All {coverage.objects} objects and {coverage.files} files were searched; "
        f"{leaks_total} secrets were found.",
    )


def clean(resource: Resource, message: str, coverage: ScanCoverage, left_out: int) -> Outcome:
    """PASS where everything was searched; what was not searched may hold the secret.

    `left_out` counts the secrets that were found and are not among the facts.
    """
    missing = _missing_history(coverage)
    if missing:
        return unclear(resource, f"None was found, but {missing}: could not look there.")
    if left_out > 0:
        return unclear(resource, f"{left_out} secrets that were found are not listed here.")
    if coverage.missed_total or coverage.missed:
        count = max(coverage.missed_total, len(coverage.missed))
        return manual(resource, f"None was found, but {count} items were not searched: EXP-005.")
    return passed(resource, message)


def _missing_history(coverage: ScanCoverage) -> str:
    reasons = (
        (coverage.shallow, "the clone is shallow"),
        (coverage.partial, _absent(coverage)),
        (coverage.interrupted, "the search was interrupted"),
    )
    return ", ".join(reason for holds, reason in reasons if holds)


def _absent(coverage: ScanCoverage) -> str:
    if not coverage.absent:
        return "the clone is partial"
    examples = ", ".join(oid[:12] for oid in coverage.absent_examples)
    return f"the clone is partial: {coverage.absent} objects are not in it, such as {examples}"


@check(
    id="EXP-006",
    step="exposure",
    title="A secret scanner runs before each commit or in CI",
    fails="No secret scanner guards commits",
    severity=Severity.LOW,
    remediation=(
        (
            "Add the hook to .pre-commit-config.yaml: `repo: <this runbook>`, `id: runbook-scan`; "
            "then `pre-commit install`."
        ),
        "Or put `runbook scan --staged` into .git/hooks/pre-commit.",
        "Or run `runbook scan --since origin/main` in CI on every merge request.",
    ),
    controls=("ISO 27001 A.8.28", "NIST CSF PR.PS-06", "CIS 16.1"),
)
def commits_are_guarded(guards: tuple[str, ...], coverage: ScanCoverage) -> Iterator[Outcome]:
    """A secret that is stopped before the commit needs no rotation, and stopping it takes a second.

    PASS: a hook or a CI job runs a secret scanner.
    FAIL: none was found.
    MANUAL: never, because the files of hooks and CI jobs can be read.
    NOT_APPLICABLE: the folder is in no git repository.
    ERROR: the repository could not be read.
    """
    if not coverage.git:
        yield not_applicable(_REPOSITORY, "The folder is in no git repository.")
    elif guards:
        yield passed(
            _REPOSITORY, "A secret scanner runs.", *(Evidence(what=guard) for guard in guards)
        )
    else:
        yield failed(_REPOSITORY, "No hook and no CI job that scans for secrets was found.")
