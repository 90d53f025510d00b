"""`results.json`: the report itself, in a stable order, for programs."""

from __future__ import annotations

import json

from helpers.core.model import Report

__all__ = ["to_json"]


def to_json(report: Report) -> str:
    """The report as JSON in ASCII, so that it is harmless on any terminal; keys in model order."""
    return json.dumps(report.model_dump(mode="json"), indent=2) + "\n"
