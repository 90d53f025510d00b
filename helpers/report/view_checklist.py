"""The six items of the checklist, to look at."""

from __future__ import annotations

from helpers.core.model import Report
from helpers.core.view import View, table
from helpers.report.summary import Item, checklist
from helpers.report.words import MARKS

__all__ = ["checklist_view", "item_label"]


def checklist_view(report: Report) -> View:
    """Each item with its verdict and the checks behind it."""
    rows = [(item_label(item), item.title, _checks(item)) for item in checklist(report)]
    return table(("verdict", "item", "checks"), rows, empty="The checklist is empty.")


def item_label(item: Item) -> str:
    """The verdict, with a waived failure told as such."""
    if item.status is None:
        return "– not looked at"
    words = f"{MARKS[item.status]} {item.status.replace('_', ' ')}"
    return f"{words}, waived" if item.waived else words


def _checks(item: Item) -> str:
    return ", ".join(sorted({finding.check for finding in item.findings})) or "none in this run"
