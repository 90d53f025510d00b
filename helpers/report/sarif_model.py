"""The part of SARIF 2.1.0 that the report and the scan use, as frozen models.

What both write in the same way (levels, texts, suppressions) is here, too.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; section numbers are in brackets.
Optional properties that are None are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from helpers.core.model import Finding, Severity
from helpers.core.redaction import sanitize

__all__ = [
    "LEVELS",
    "SCHEMA",
    "SarifArtifactLocation",
    "SarifAutomationDetails",
    "SarifConfiguration",
    "SarifDriver",
    "SarifInvocation",
    "SarifLocation",
    "SarifLog",
    "SarifLogicalLocation",
    "SarifMessage",
    "SarifNotification",
    "SarifPhysicalLocation",
    "SarifRegion",
    "SarifResult",
    "SarifRule",
    "SarifRun",
    "SarifSuppression",
    "SarifTool",
    "SarifVersionControl",
    "message",
    "suppressions",
]

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
Level = Literal["none", "note", "warning", "error"]
LEVELS: Final[Mapping[Severity, Literal["note", "warning", "error"]]] = {
    Severity.LOW: "note",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}
_LINK: Final = re.compile(r"\[(?=[^\[\]]*\]\()")  # message texts may hold links [3.11.6]


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True
    )


class SarifMessage(_Part):
    """A text for people [3.11]."""

    text: str


class SarifArtifactLocation(_Part):
    """A file, relative to a base where it has one [3.4]."""

    uri: str
    uri_base_id: str | None = None


class SarifRegion(_Part):
    """A place in a file; lines count from 1 [3.30]."""

    start_line: int = Field(ge=1)


class SarifPhysicalLocation(_Part):
    """A place in a file [3.29]."""

    artifact_location: SarifArtifactLocation
    region: SarifRegion | None = None


class SarifLogicalLocation(_Part):
    """A place that is not a file, such as a teammate or a scope [3.33]."""

    name: str
    fully_qualified_name: str
    kind: str


class SarifLocation(_Part):
    """Where a result was found [3.28]."""

    physical_location: SarifPhysicalLocation
    logical_locations: tuple[SarifLogicalLocation, ...]
    properties: dict[str, Any] | None = None


class SarifSuppression(_Part):
    """Why a result does not count for now [3.35]."""

    kind: Literal["external"] = "external"
    status: Literal["accepted"] = "accepted"
    justification: str


class SarifResult(_Part):
    """One verdict [3.27]."""

    rule_id: str
    rule_index: int
    kind: Literal["pass", "fail", "review", "open", "notApplicable"]
    level: Level
    message: SarifMessage
    locations: tuple[SarifLocation, ...]
    partial_fingerprints: dict[str, str]
    suppressions: tuple[SarifSuppression, ...]
    baseline_state: Literal["new", "unchanged", "updated", "absent"] | None = None
    properties: dict[str, Any]


class SarifConfiguration(_Part):
    """A rule's own level [3.50]."""

    level: Level


class SarifRule(_Part):
    """A check [3.49]."""

    id: str
    short_description: SarifMessage
    help: SarifMessage
    default_configuration: SarifConfiguration
    properties: dict[str, Any]


class SarifDriver(_Part):
    """The runbook [3.19]."""

    name: str
    semantic_version: str
    rules: tuple[SarifRule, ...]


class SarifTool(_Part):
    """The tool of a run [3.18]."""

    driver: SarifDriver


class SarifNotification(_Part):
    """Something about the run itself [3.58]."""

    level: Level
    message: SarifMessage


class SarifInvocation(_Part):
    """How the run went [3.20]."""

    execution_successful: bool
    end_time_utc: str
    tool_execution_notifications: tuple[SarifNotification, ...]


class SarifAutomationDetails(_Part):
    """Which series of runs this one belongs to [3.17]."""

    id: str
    guid: str


class SarifVersionControl(_Part):
    """The revision of a repository that was examined, and its base [3.23]."""

    repository_uri: str
    revision_id: str | None = None
    branch: str | None = None
    mapped_to: SarifArtifactLocation


class SarifRun(_Part):
    """One run [3.14]. `results` is present even when it is empty."""

    tool: SarifTool
    automation_details: SarifAutomationDetails
    baseline_guid: str | None = None
    invocations: tuple[SarifInvocation, ...]
    original_uri_base_ids: dict[str, SarifArtifactLocation] | None = None
    version_control_provenance: tuple[SarifVersionControl, ...] | None = None
    column_kind: Literal["unicodeCodePoints"] = "unicodeCodePoints"
    results: tuple[SarifResult, ...]
    properties: dict[str, Any] | None = None


class SarifLog(_Part):
    """The file [3.13]."""

    schema_: str = Field(default=SCHEMA, alias="$schema")
    version: Literal["2.1.0"] = "2.1.0"
    runs: tuple[SarifRun, ...]

    def text(self) -> str:
        """The file's content, in ASCII."""
        import json

        document = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return json.dumps(document, indent=2) + "\n"


def message(text: str) -> SarifMessage:
    """Return a text as a message: on one line, without links."""
    return SarifMessage(text=_LINK.sub(r"\\[", sanitize(text)) or " ")


def suppressions(finding: Finding) -> tuple[SarifSuppression, ...]:
    """Return the waiver of a finding: owner, reason, expiry and where it stands."""
    if finding.waiver is None:
        return ()
    waiver = finding.waiver
    origin = f" From {waiver.origin}." if waiver.origin else ""
    text = f"{waiver.owner}: {waiver.reason} Until {waiver.expires}.{origin}"
    return (SarifSuppression(justification=sanitize(text)),)
