"""Was everything looked at, and does anything look before the next commit?"""

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
)
from helpers.exposure.records import Coverage

__all__ = ["commits_are_guarded", "search_was_complete"]

_REPOSITORY = Resource(kind="repository", key="repository", name="the repository")
_TOLD = 8


@check(
    id="EXP-005",
    step="exposure",
    title="The whole repository was searched",
    severity=Severity.MEDIUM,
    effort=Effort.MINUTES,
    remediation=(
        (
            "A shallow clone: `git fetch --unshallow`. A partial one: `git fetch --refetch "
            "--no-filter`. No repository: name one with --repo."
        ),
        "Damaged objects: `git fsck --full`, then fetch them from another clone.",
        (
            "Run the audit again, best in the clone of the person who wrote the code: only that "
            "has stashes and dropped commits."
        ),
    ),
    controls=("NIST CSF DE.CM-09", "SOC 2 CC7.1"),
)
def search_was_complete(coverage: Coverage, leaks_total: int) -> Iterator[Outcome]:
    """What was not looked at may hold a secret: silence about it would be a false PASS.

    PASS: every object and file was looked at.
    FAIL: a part of the history is not here: the clone is shallow or partial, it is no repository,
    or the search was interrupted.
    MANUAL: single objects or files could not be opened; a person has to look at them.
    NOT_APPLICABLE: there was nothing at all to look at.
    ERROR: the repository could not be read.
    """
    missing = _missing_history(coverage)
    if missing:
        yield failed(_REPOSITORY, f"A part of it was not searched: {missing}.")
    if coverage.missed:
        told = [Evidence(what=m.reason, where=m.where) for m in coverage.missed[:_TOLD]]
        yield manual(
            _REPOSITORY, f"{coverage.missed_total} things in it were not looked at.", *told
        )
    if missing or coverage.missed:
        return
    if not coverage.objects and not coverage.files:
        yield not_applicable(_REPOSITORY, "It is empty.")
        return
    yield passed(
        _REPOSITORY,
        f"All {coverage.objects} objects and {coverage.files} files were searched; "
        f"{leaks_total} secrets were found.",
    )


def _missing_history(coverage: Coverage) -> str:
    reasons = (
        (not coverage.git, "it is in no git repository, so it has no history"),
        (coverage.shallow, "the clone is shallow"),
        (coverage.partial, _absent(coverage)),
        (coverage.interrupted, "the search was interrupted"),
    )
    return ", ".join(reason for holds, reason in reasons if holds)


def _absent(coverage: Coverage) -> str:
    if not coverage.absent:
        return "the clone is partial"
    examples = ", ".join(oid[:12] for oid in coverage.absent_examples)
    return f"the clone is partial: {coverage.absent} objects are not in it, such as {examples}"


@check(
    id="EXP-006",
    step="exposure",
    title="A scanner looks before a secret is committed",
    severity=Severity.LOW,
    remediation=(
        (
            "Add the hook to .pre-commit-config.yaml: `repo: <this runbook>`, `id: runbook-scan`; "
            "then `pre-commit install`."
        ),
        "Or put `runbook scan --staged` into .git/hooks/pre-commit.",
        "Or let CI run `runbook scan --since origin/main` on every merge request.",
    ),
    controls=("ISO 27001 A.8.28", "NIST CSF PR.PS-06", "CIS 16.1"),
)
def commits_are_guarded(guards: tuple[str, ...], coverage: Coverage) -> Iterator[Outcome]:
    """A secret that is stopped before the commit needs no rotation: that costs a second.

    PASS: a hook or a CI job runs a secret scanner.
    FAIL: none is known here.
    MANUAL: never, as the usual files can be read.
    NOT_APPLICABLE: the folder is in no git repository.
    ERROR: the repository could not be read.
    """
    if not coverage.git:
        yield not_applicable(_REPOSITORY, "It is in no git repository.")
    elif guards:
        yield passed(_REPOSITORY, "A scanner runs.", *(Evidence(what=guard) for guard in guards))
    else:
        yield failed(_REPOSITORY, "Neither a hook nor a CI job that scans for secrets was found.")
