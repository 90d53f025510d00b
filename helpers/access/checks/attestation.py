"""What no API tells: a person looks, answers with `runbook attest`, and the answer goes stale."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from helpers.core.model import Evidence, Outcome, Resource, failed, manual, passed
from helpers.intercom.records import Attestation

__all__ = ["answered"]


def answered(
    about: Resource,
    question: str,
    attestations: Iterable[Attestation],
    now: datetime,
    look: str,
) -> Outcome:
    """The verdict of a person's answer; `look` says where to look where there is none."""
    found = next((a for a in attestations if a.question == question), None)
    if found is None:
        return manual(about, f"{look} Then answer: `runbook attest {question}`.")
    evidence = f", evidence {found.evidence_sha256[:16]}" if found.evidence_sha256 else ""
    seen = Evidence(what=f"{found.by} said {found.answer} on {found.on}{evidence}")
    if found.expires < now.date():
        return manual(about, f"The answer went stale on {found.expires}. {look}", seen)
    if found.answer == "yes":
        return passed(about, f"Attested until {found.expires}.", seen)
    return failed(about, f"Attested not to be so by {found.by}.", seen)
