"""What the audited repository's own policy decided: verdicts that the built-in one would not give.

Whoever can push to a repository can raise the thresholds that it is judged by. So each finding that
the built-in policy would judge otherwise says so, and what no longer fails is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from helpers.core.model import Evidence, Finding, Status

__all__ = ["marked", "not_failing"]

_FILE: Final = "policy.toml of the audited repository"
_LISTED: Final = 8  # ids of checks in a note


def marked(judged: Sequence[Finding], usual: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings; those that the built-in policy would judge otherwise have evidence of it."""
    verdicts = {one.fingerprint: (one.status, one.severity) for one in usual}
    return tuple(
        one
        if verdicts.get(one.fingerprint) == (one.status, one.severity)
        else _with_mark(one, verdicts.get(one.fingerprint))
        for one in judged
    )


def _with_mark(finding: Finding, verdict: tuple[object, ...] | None) -> Finding:
    otherwise = " ".join(map(str, verdict)) if verdict else "nothing of it"
    what = f"the repository's own policy decides this; the built-in one says {otherwise}"
    mark = Evidence(what=what, where=_FILE)
    return finding.model_copy(update={"evidence": (*finding.evidence, mark)})


def not_failing(title: str, judged: Sequence[Finding], usual: Sequence[Finding]) -> Iterator[str]:
    """Say which failures of a step the repository's policy took away, if any."""
    failing = {one.fingerprint for one in judged if one.status is Status.FAIL}
    gone = [one for one in usual if one.status is Status.FAIL and one.fingerprint not in failing]
    if gone:
        ids = sorted({one.check for one in gone})
        listed = ", ".join(ids[:_LISTED]) + (", …" if len(ids) > _LISTED else "")
        yield f"{title}: {len(gone)} failures only by the built-in policy, not by {_FILE}: {listed}"
