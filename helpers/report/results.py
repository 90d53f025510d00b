"""`results.json`: the report itself, in a stable order, for programs."""

from __future__ import annotations

from helpers.model import Report

__all__ = ["to_json"]


def to_json(report: Report) -> str:
    """The report as JSON: two spaces, keys in the order of the model, a newline at the end."""
    return report.model_dump_json(indent=2) + "\n"
