"""The part of SARIF 2.1.0 that the report uses, as frozen models.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; its sections stand in brackets.
Optional properties that are None are left out.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

__all__ = [
    "SCHEMA",
    "ArtifactLocation",
    "AutomationDetails",
    "Configuration",
    "Driver",
    "Invocation",
    "Location",
    "Log",
    "LogicalLocation",
    "Message",
    "Notification",
    "PhysicalLocation",
    "Region",
    "Result",
    "Rule",
    "Run",
    "Suppression",
    "Tool",
]

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
Level = Literal["none", "note", "warning", "error"]


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True
    )


class Message(_Part):
    """A text for people [3.11]."""

    text: str


class ArtifactLocation(_Part):
    """A file, relative to a base where it has one [3.4]."""

    uri: str
    uri_base_id: str | None = None


class Region(_Part):
    """A place in a file; lines count from 1 [3.30]."""

    start_line: int = Field(ge=1)


class PhysicalLocation(_Part):
    """A place in a file [3.29]."""

    artifact_location: ArtifactLocation
    region: Region | None = None


class LogicalLocation(_Part):
    """A place that is no file, such as a teammate or a scope [3.33]."""

    name: str
    fully_qualified_name: str
    kind: str


class Location(_Part):
    """Where a result was found [3.28]."""

    physical_location: PhysicalLocation
    logical_locations: tuple[LogicalLocation, ...]
    properties: dict[str, Any] | None = None


class Suppression(_Part):
    """Why a result does not count for now [3.35]."""

    kind: Literal["external"] = "external"
    status: Literal["accepted"] = "accepted"
    justification: str


class Result(_Part):
    """One verdict [3.27]."""

    rule_id: str
    rule_index: int
    kind: Literal["pass", "fail", "review", "open", "notApplicable"]
    level: Level
    message: Message
    locations: tuple[Location, ...]
    partial_fingerprints: dict[str, str]
    suppressions: tuple[Suppression, ...]
    baseline_state: Literal["new", "unchanged", "updated", "absent"] | None = None
    properties: dict[str, Any]


class Configuration(_Part):
    """A rule's own level [3.50]."""

    level: Level


class Rule(_Part):
    """A check [3.49]."""

    id: str
    short_description: Message
    help: Message
    default_configuration: Configuration
    properties: dict[str, Any]


class Driver(_Part):
    """The runbook [3.19]."""

    name: str
    semantic_version: str
    rules: tuple[Rule, ...]


class Tool(_Part):
    """The tool of a run [3.18]."""

    driver: Driver


class Notification(_Part):
    """Something about the run itself [3.58]."""

    level: Level
    message: Message


class Invocation(_Part):
    """How the run went [3.20]."""

    execution_successful: bool
    end_time_utc: str
    tool_execution_notifications: tuple[Notification, ...]


class AutomationDetails(_Part):
    """Which series of runs this one belongs to [3.17]."""

    id: str
    guid: str


class Run(_Part):
    """One run [3.14]. Results are there, and empty, where nothing was found."""

    tool: Tool
    automation_details: AutomationDetails
    baseline_guid: str | None = None
    invocations: tuple[Invocation, ...]
    column_kind: Literal["unicodeCodePoints"] = "unicodeCodePoints"
    results: tuple[Result, ...]


class Log(_Part):
    """The file [3.13]."""

    schema_: str = Field(default=SCHEMA, alias="$schema")
    version: Literal["2.1.0"] = "2.1.0"
    runs: tuple[Run, ...]

    def text(self) -> str:
        """The file's content, in ASCII."""
        import json

        document = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return json.dumps(document, indent=2) + "\n"
