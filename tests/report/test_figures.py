"""Figures in the report: drawn from the snapshot, inline, escaped, loading nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from helpers.auditlog.records import (
    ActivityRow,
    ActivitySummary,
    AuditFacts,
    DayCount,
    QuestionResult,
)
from helpers.core.model import Known, Snapshot, Unavailable
from helpers.report.figures import figures_of
from helpers.report.page import to_html
from helpers.report.writers import render
from helpers.system.files import write_private
from tests.report.samples import NOW, full_report
from tests.report.test_page import FETCHING, Page

HOSTILE = "<script>alert(1)</script>"
GONE = Unavailable(reason="It was down.", call="GET /admins/activity_logs")


def _facts() -> AuditFacts:
    """A log that speaks of one taken-over account, whose name is no name."""
    row = ActivityRow(
        id="1",
        at=NOW - timedelta(days=3),
        actor=HOSTILE,
        ip="192.0.2.1",
        activity="bulk_export",
        detail=HOSTILE,
        flags=("from an address new to this teammate",),
    )
    summary = ActivitySummary(
        start=NOW - timedelta(days=30),
        end=NOW,
        rows=1,
        teammates=1,
        types=(),
        unknown_types=(),
        days=(DayCount(day=f"{row.at:%Y-%m-%d}", total=1, security=1),),
        security=(row,),
    )
    answer = QuestionResult(question="takeover", title="Takeover", count=1, flagged=1, rows=(row,))
    return AuditFacts(
        log=GONE,
        activity=Known(summary),
        answers=Known((answer,)),
        teammates=GONE,
        reviews=GONE,
        mirror=GONE,
    )


def _snapshot(folder: Path, facts: AuditFacts) -> None:
    snapshot = Snapshot[AuditFacts](
        step="auditlog", profile="production", taken_at=NOW, facts=facts
    )
    write_private(folder / "snapshots" / "auditlog.json", snapshot.model_dump_json())


def test_a_picture_stands_inline_with_its_step_and_asks_for_nothing(tmp_path: Path) -> None:
    _snapshot(tmp_path, _facts())
    plain, page = Page(to_html(full_report())), Page(render(full_report(), "html", tmp_path))
    assert page.tags.count("svg") == plain.tags.count("svg") + 1
    assert not {"link", "img", "iframe", "object", "embed"} & set(page.tags)
    assert [a for a in page.attributes if a[1] in FETCHING or a[1].startswith("on")] == []
    assert f"Signs of a takeover: {HOSTILE}" in page.text


def test_its_style_sheet_speaks_of_it_alone(tmp_path: Path) -> None:
    _snapshot(tmp_path, _facts())
    style = figures_of(tmp_path)["auditlog"].partition("<style>")[2].partition("</style>")[0]
    rules = style.replace("@media screen and (prefers-color-scheme:dark){", "").rstrip("}")
    assert all(rule.startswith(".timeline ") for rule in rules.split("}"))


def test_an_unread_or_damaged_snapshot_has_no_figure(tmp_path: Path) -> None:
    assert not figures_of(tmp_path)
    _snapshot(tmp_path, _facts().model_copy(update={"activity": GONE}))
    assert not figures_of(tmp_path)
    write_private(tmp_path / "snapshots" / "auditlog.json", "{}")
    assert not figures_of(tmp_path)
    assert render(full_report(), "html", tmp_path) == to_html(full_report())
