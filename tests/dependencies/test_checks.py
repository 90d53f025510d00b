"""Each check of the step: every verdict that its table names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from helpers.core.catalog import find
from helpers.core.model import Known, Partial, Severity, Status
from helpers.dependencies.collect import collect
from helpers.dependencies.records import (
    BadRelease,
    DependencyFacts,
    LockedPlace,
    UnreadLockfile,
)
from helpers.dependencies.views import coverage, overview, timeline
from helpers.notebook.context_factory import open_context
from helpers.notebook.parameters import Choices
from tests.checking import statuses, unreadable, verdicts
from tests.conftest import run_git

ADDED = datetime(2026, 4, 30, 15, tzinfo=UTC)
PLACE = LockedPlace(
    path="package-lock.json",
    blob="b" * 40,
    added=ADDED,
    added_in="a" * 40,
    author="Jonas Weber",
    removed=ADDED + timedelta(days=3),
    removed_in="c" * 40,
)


def release(subject: str = "npm intercom-client 7.0.4", **changes: Any) -> BadRelease:
    values: dict[str, Any] = {
        "repository": ".",
        "status": Status.FAIL,
        "severity": Severity.CRITICAL,
        "advisories": ("GHSA-54pg-9963-v8vg",),
        "summary": "it contains a credential stealer",
        "subject": subject,
        "places": (PLACE,),
    }
    return BadRelease(**(values | changes))


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


PINNED, FILES = find("DEP-001"), find("DEP-002")


@pytest.mark.parametrize(
    ("releases", "lockfiles", "status"),
    [
        ((), 3, Status.PASS),
        ((), 0, Status.NOT_APPLICABLE),
        ((release(),), 3, Status.FAIL),
        ((release(status=Status.MANUAL, reason="it was published twice"),), 3, Status.MANUAL),
        (unreadable(), 3, Status.ERROR),
        (Partial((), "yarn.lock not read: a merge conflict", "git"), 3, Status.ERROR),
    ],
)
def test_a_bad_release_fails_whenever_pinned(releases: Any, lockfiles: int, status: Status) -> None:
    assert statuses(PINNED, releases=releases, lockfiles=lockfiles) == [status]


def test_a_release_that_was_found_fails_although_something_was_not_read() -> None:
    releases = Partial((release(),), "yarn.lock not read", "git")
    assert Status.FAIL in statuses(PINNED, releases=releases, lockfiles=1)
    assert Status.PASS not in statuses(PINNED, releases=releases, lockfiles=1)


def test_the_finding_says_in_which_commits_and_for_how_long() -> None:
    (finding,) = verdicts(PINNED, releases=(release(),), lockfiles=1)
    assert finding.incident
    assert finding.severity is Severity.CRITICAL
    assert finding.message == "It contains a credential stealer (GHSA-54pg-9963-v8vg)."
    (seen,) = finding.evidence
    assert seen.what == "Added 2026-04-30 by Jonas Weber, removed 2026-05-03 after 3 days"
    assert seen.where == "package-lock.json at aaaaaaaaaa"
    assert seen.place
    assert seen.place.commit == "a" * 40


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ((), Status.PASS),
        ((release("file setup.mjs"),), Status.FAIL),
        ((release("file setup.mjs", status=Status.MANUAL),), Status.MANUAL),
        (unreadable(), Status.ERROR),
        (Partial((), "setup.mjs not read: not a file", "git"), Status.ERROR),
    ],
)
def test_a_file_of_the_malware_fails(files: Any, status: Status) -> None:
    assert statuses(FILES, malware_files=files) == [status]


def test_what_was_not_read_makes_the_facts_partial(repo: Path, closing: ExitStack) -> None:
    (repo / "yarn.lock").write_text("<<<<<<< ours\n=======\n>>>>>>> theirs\n")
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-q", "-m", "a conflict")
    facts = collect(open_context("07_dependencies", Choices("production", repo=str(repo)), closing))
    assert isinstance(facts.releases, Partial)
    assert "yarn.lock" in facts.releases.reason
    assert "yarn.lock" in coverage(facts).text


def test_the_demo_pinned_the_bad_release_for_three_days(closing: ExitStack) -> None:
    facts = collect(open_context("07_dependencies", Choices(), closing))
    assert isinstance(facts.releases, Known)
    (found,) = facts.releases.value
    assert found.subject == "npm intercom-client 7.0.4"
    assert [place.days for place in found.places] == [3]
    assert "Jonas Weber" in overview(facts).text
    assert "<img" in timeline(facts).html


def test_a_search_that_was_not_possible_says_so_in_every_view() -> None:
    missing = unreadable("git cat-file")
    facts = DependencyFacts(
        releases=missing,
        malware_files=missing,
        unread=missing,
        lockfiles=missing,
        advisories=missing,
    )
    for view in (overview, timeline, coverage):
        assert view(facts).text == "Not searched: It did not answer."


def test_nothing_found_is_said_with_how_much_was_read() -> None:
    facts = DependencyFacts(
        releases=Known(()),
        malware_files=Known(()),
        unread=Known((UnreadLockfile(repository=".", name="bun.lockb", reason="binary"),)),
        lockfiles=Known(2),
        advisories=Known(7),
    )
    assert "No known-bad release" in overview(facts).text
    assert "No commit" in timeline(facts).text
    assert "Read: 2 lockfiles" in coverage(facts).text
    assert "bun.lockb" in coverage(facts).text
