"""The whole step on the sandbox, its views, the command line, and a review that is signed."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import httpx
import pytest

from helpers.auditlog import views
from helpers.auditlog.checks.log import audit_logging_is_on
from helpers.auditlog.collect import collect
from helpers.auditlog.entries import Actor, LogEvent, encode
from helpers.auditlog.export import EntryFilter, select, to_csv
from helpers.auditlog.form import open_review
from helpers.auditlog.log import AuditLog
from helpers.auditlog.records import AuditFacts, Count, MirrorEvidence
from helpers.auditlog.review import REVIEWED, reviews_in, sign, sign_off
from helpers.auditlog.segments import read_tail, segments
from helpers.auditlog.status import status_of
from helpers.core.context import Context
from helpers.core.errors import CollectionError, UsageError
from helpers.core.model import Known, Snapshot, Status, Unavailable
from helpers.core.policy import Acts, AuditPolicy, Policy
from helpers.core.steps import step_named
from helpers.notebook.context_factory import open_context
from helpers.notebook.parameters import Choices
from helpers.notebook.sandbox_profile import NOW
from helpers.notebook.session import StepSession
from tests.auditlog.builders import ROOT, Bench
from tests.conftest import HOME


@pytest.fixture(scope="module")
def context() -> Iterator[Context]:
    with ExitStack() as closing:
        yield open_context("08_audit_log", Choices(), closing)


@pytest.fixture(scope="module")
def facts(context: Context) -> AuditFacts:
    return collect(context)


def test_the_facts_survive_the_disk(facts: AuditFacts, context: Context) -> None:
    kind = Snapshot[AuditFacts]
    snapshot = kind(step="auditlog", profile="sandbox", taken_at=context.clock(), facts=facts)
    assert kind.model_validate_json(snapshot.model_dump_json()) == snapshot


def test_the_planted_takeover_is_told(facts: AuditFacts) -> None:
    told = views.takeover(facts).text
    for part in ("7 times", "successfully", "disabled two-factor", "regenerated", "exported"):
        assert part in told


def test_two_collections_are_the_same(facts: AuditFacts) -> None:
    with ExitStack() as closing:
        again = collect(open_context("08_audit_log", Choices(), closing))
    assert again.model_dump_json() == facts.model_dump_json()


def test_the_timeline_is_one_well_formed_picture_without_a_script(facts: AuditFacts) -> None:
    svg = _drawn(facts)
    assert ET.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert "<script" not in svg
    assert svg.count("<circle") > 10


def test_the_picture_tells_the_takeover_in_order(facts: AuditFacts) -> None:
    svg = _drawn(facts)
    told = ["ruth@example.com", "7 times", "successfully", "two-factor auth", "regenerated"]
    places = [svg.index(part) for part in (*told, "webhook to", "18,204", "logged out")]
    assert places == sorted(places)


def test_the_picture_of_an_uneventful_month_has_no_story(facts: AuditFacts) -> None:
    quiet = facts.model_copy(update={"answers": Known(())})
    assert "takeover" not in _drawn(quiet)
    gone = Unavailable(reason="It was down.", call="x")
    assert "takeover" not in _drawn(facts.model_copy(update={"answers": gone}))


def test_a_long_story_is_cut_and_says_so(facts: AuditFacts) -> None:
    assert isinstance(facts.answers, Known)
    (first,) = (a for a in facts.answers.value if a.question == "takeover")
    rows = [first.rows[0].model_copy(update={"activity": f"kind_{n}"}) for n in range(40)]
    answers = Known((first.model_copy(update={"rows": tuple(rows)}),))
    assert "and 28 more steps" in _drawn(facts.model_copy(update={"answers": answers}))


def _drawn(facts: AuditFacts) -> str:
    """The picture inside of the image."""
    html = str(views.timeline(facts).html)
    found = re.fullmatch(r'<img alt="[^"]+" [^>]*src="data:image/svg\+xml,([^"]*)">', html)
    assert found
    return unquote(found[1])


def test_views_escape_what_the_workspace_says(facts: AuditFacts) -> None:
    assert isinstance(facts.answers, Known)
    assert isinstance(facts.activity, Known)
    hostile = "<script>alert(1)</script>"
    rows = tuple(
        r.model_copy(update={"detail": hostile, "actor": hostile})
        for r in facts.activity.value.security
    )
    summary = facts.activity.value.model_copy(update={"security": rows})
    answers = tuple(
        a.model_copy(update={"rows": rows, "count": len(rows)}) for a in facts.answers.value
    )
    changed = facts.model_copy(update={"activity": Known(summary), "answers": Known(answers)})
    assert "<script" not in _drawn(changed)
    for view in (views.timeline, views.takeover, views.answers, views.overview, views.review):
        assert "<script" not in str(view(changed).html)


def test_a_takeover_leads_to_the_rotation_of_each_key_that_it_touched(facts: AuditFacts) -> None:
    html = views.takeover(facts).html
    (key,) = re.findall(r'href="03_secret_rotation.ipynb#(\w+)"', html)
    assert key == "INTERCOM_ACCESS_TOKEN"
    assert f"Rotate {key} as compromised now" in html
    notebook = json.loads((HOME / "notebooks" / "03_secret_rotation.ipynb").read_text())
    prose = "".join(line for cell in notebook["cells"] for line in cell["source"])
    assert f"### {key}\n" in prose


def test_views_say_why_there_is_nothing() -> None:
    gone = Unavailable(reason="It was down.", call="GET /admins/activity_logs")
    empty = AuditFacts.model_validate(dict.fromkeys(AuditFacts.model_fields, gone))
    for name in set(views.__all__) - {"action", "rows_of"}:
        assert "It was down." in getattr(views, name)(empty).text


def test_a_missing_scope_is_an_error_that_names_the_call(tmp_path: Path) -> None:
    with ExitStack() as closing:
        context = open_context("08_audit_log", Choices(), closing)
        context.client.close()
        from pydantic import SecretStr

        from helpers.intercom.client import Client

        base = context.settings.text("INTERCOM_BASE_URL")
        context.__dict__["client"] = Client(SecretStr("not-a-token"), base)
        found = collect(context)
        context.client.close()
    assert isinstance(found.activity, Unavailable)
    assert found.activity.call == "GET /me"


def test_a_review_is_signed_into_the_log_with_what_was_seen(
    bench: Bench, facts: AuditFacts
) -> None:
    assert isinstance(facts.activity, Known)
    assert isinstance(facts.answers, Known)
    bench.clock.now = NOW  # of the demo: a review of days to come is refused
    with bench.open() as log:
        log.start_sealing(root_key=ROOT)
        with pytest.raises(UsageError):
            sign(log, " ", facts.activity.value, facts.answers.value)
        sign(log, "Ann Review", facts.activity.value, facts.answers.value, note="all asked")
    (review,) = reviews_in(bench.folder)
    assert review.reviewer == "Ann Review"
    assert review.rows == facts.activity.value.settled_rows
    assert review.period_to == facts.activity.value.end - timedelta(hours=1)
    assert bench.verify(key=True).covered_to >= 2


def test_a_review_counts_for_the_rows_that_it_was_signed_for(
    context: Context, tmp_path: Path
) -> None:
    mine = replace(context, state=tmp_path)
    sign_off(mine, collect(mine), "Ann Review")
    found = collect(mine).reviews
    assert isinstance(found, Known)
    (review,) = found.value
    assert review.rows == review.rows_now
    assert review.seen
    (seen,) = (tmp_path / "reviews").iterdir()
    seen.write_text(seen.read_text() + "exports 1 " + "0" * 32)
    altered = collect(mine).reviews
    mine.close()
    assert isinstance(altered, Known)
    assert altered.value[0].seen == ()


def test_a_review_counts_only_from_our_own_sound_log(context: Context, tmp_path: Path) -> None:
    mine = replace(context, state=tmp_path)
    with AuditLog.open(tmp_path / "audit", tmp_path, clock=context.clock) as log:
        log.append("runbook.run.started")
    assert collect(mine).reviews == Known(())
    (segment,) = segments(tmp_path / "audit")
    forged = {"reviewer": "Nobody", "rows": 1, "results_sha256": "0" * 64}
    period = {"period_from": "2026-02-01T00:00:00Z", "period_to": "2026-03-01T00:00:00Z"}
    event = LogEvent(REVIEWED, metadata=forged | period)
    user = Actor("root", "here")
    line = encode(event, seq=2, at=context.clock(), user=user, prev="0" * 64)
    with segment.open("ab") as stream:
        stream.write(line + b"\n")
    found = collect(mine).reviews
    mine.close()
    assert isinstance(found, Unavailable)
    assert "The log that holds the reviews is tampered" in found.reason


def test_a_review_of_a_time_that_had_not_come_is_none(bench: Bench, facts: AuditFacts) -> None:
    assert isinstance(facts.activity, Known)
    assert isinstance(facts.answers, Known)
    later = bench.clock() + timedelta(days=900)
    ahead = facts.activity.value.model_copy(update={"end": later})
    with bench.open() as log:
        sign(log, "Ann Review", ahead, facts.answers.value)
    assert reviews_in(bench.folder) == ()


def test_where_nothing_was_looked_at_nobody_can_sign(context: Context) -> None:
    gone = Unavailable(reason="It was down.", call="GET /admins/activity_logs")
    empty = AuditFacts.model_validate(dict.fromkeys(AuditFacts.model_fields, gone))
    with pytest.raises(CollectionError, match="nothing to sign"):
        sign_off(context, empty, "Ann Review")


def test_a_run_without_a_person_is_told_that_nothing_is_signed(
    context: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    form = open_review(StepSession(step_named("auditlog"), context, ExitStack(), Choices()))
    form._ipython_display_()
    assert "signs nothing" in capsys.readouterr().out
    assert not reviews_in(context.state / "audit")


def test_what_the_run_itself_wrote_proves_nothing(bench: Bench) -> None:
    bench.fill(3)
    found = status_of(bench.folder, "x", bench.state, bench.clock())
    assert (found.records, found.before_run) == (3, 0)
    bench.clock.on(days=1)
    assert status_of(bench.folder, "x", bench.state, bench.clock()).before_run == 3


def test_a_signature_is_no_sign_that_an_application_logs(bench: Bench, facts: AuditFacts) -> None:
    assert isinstance(facts.activity, Known)
    assert isinstance(facts.answers, Known)
    with bench.open() as log:
        sign(log, "Ann Review", facts.activity.value, facts.answers.value)
    bench.clock.on(days=1)
    found = status_of(bench.folder, "x", bench.state, bench.clock())
    assert (found.records, found.before_run) == (1, 0)
    assert [o.status for o in audit_logging_is_on(found, Policy(), bench.clock())] == [Status.FAIL]


def test_a_log_seen_once_is_held_against_that_the_next_time(bench: Bench) -> None:
    bench.fill(3)
    other = bench.base / "runbook-state"
    first = status_of(bench.folder, "x", other, bench.clock())
    assert first.verification
    assert first.verification.verdict == "unverified"
    bench.rewrite(lambda lines: lines[:-1])
    second = status_of(bench.folder, "x", other, bench.clock())
    assert second.verification
    assert second.verification.verdict == "truncated"


@pytest.mark.parametrize(
    "line",
    [
        '{"timestamp": "2026-02-01T10:00:00Z", "action": "x", "user": "ann"}',
        '[AUDIT] {"ts": 1769940000, "event": "x", "actor": "ann"}',
        '{"time": "2026-02-01T10:00:00+00:00", "message": "x"}',
    ],
)
def test_plain_json_lines_count_by_their_time(tmp_path: Path, line: str) -> None:
    from tests.auditlog.builders import START

    (tmp_path / "app.jsonl").write_text(f"{line}\nnot json\n[1]\n" + '{"no": "time"}\n')
    found = status_of(tmp_path, "x", tmp_path / "state", START)
    assert (found.records, found.chained, found.verification) == (1, False, None)
    assert found.actions[0].name == "x"


def test_no_folder_is_no_record(tmp_path: Path, bench: Bench) -> None:
    assert status_of(tmp_path / "gone", "x", tmp_path, bench.clock()).records == 0


def test_the_mirror_act_is_off_until_the_policy_says_so(context: Context) -> None:
    from helpers.auditlog.action import act

    off = replace(context, policy=context.policy.model_copy(update={"acts": Acts()}))
    assert isinstance(act(off), Unavailable)


def test_in_the_sandbox_every_record_arrives_as_an_event_that_can_be_read_back() -> None:
    from helpers.auditlog.action import act
    from helpers.auditlog.status import log_folder
    from helpers.sandbox.seeds import MIRROR_CONTACT

    with ExitStack() as closing:
        context = open_context("08_audit_log", Choices(), closing)
        done = act(context)
        query = f"type=user&user_id={MIRROR_CONTACT}&summary=true"
        token = context.settings.credential("INTERCOM_ACCESS_TOKEN")
        assert token
        answer = httpx.get(
            f"{context.settings.text('INTERCOM_BASE_URL')}/events?{query}",
            headers={"Authorization": f"Bearer {token.value.get_secret_value()}"},
        )
        last = read_tail(log_folder(context.settings, context.state)[0])
    assert isinstance(done, MirrorEvidence)
    (mirror,) = done.mirrors
    assert last
    assert (mirror.behind, mirror.refused, mirror.last) == (0, 0, last.seq)
    (counted,) = answer.json()["events"]
    assert counted["name"] == "runbook-audit"
    assert counted["count"] > 20  # of the last week: the rest had arrived before


def test_a_log_that_cannot_be_read_is_said_not_raised(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    from helpers.auditlog import action

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(action, "deliver", refuse)
    found = action.act(context)
    assert isinstance(found, Unavailable)
    assert found.reason == "The audit log can't be read: permission denied."


def test_the_mirror_act_serves_every_mirror_of_the_policy() -> None:
    from helpers.auditlog.action import act
    from helpers.sandbox.seeds import MIRROR_CONTACT

    with ExitStack() as closing:
        context = open_context("auditlog-mirror", Choices(), closing)
        rules = AuditPolicy(mirror_contact=MIRROR_CONTACT, syslog="unix:///nowhere/log")
        update: dict[str, Any] = {"acts": Acts(mirror=True), "auditlog": rules}
        context.policy = context.policy.model_copy(update=update)
        done = act(context)
    assert not isinstance(done, Unavailable)
    events, syslog = done.mirrors
    assert (events.behind, events.refused) == (0, 0)
    assert syslog.behind > 0
    assert "syslog" in syslog.reason
    assert "waiting" in views.action(done).text


def test_csv_neutralises_formulas(bench: Bench) -> None:
    with bench.open(fields=["x"]) as log:
        log.append_many(
            [
                LogEvent("demo.act", {"id": start + "SUM(A1)"})
                for start in ("=", "+", "-", "@", "\t")
            ]
        )
    rows = list(csv.DictReader(io.StringIO("".join(to_csv(select(bench.folder, EntryFilter()))))))
    cells = [row["resource_id"] for row in rows if row["action"] == "demo.act"]
    assert len(cells) == 5
    assert all(cell.startswith("'") for cell in cells)


def test_a_selection_narrows(bench: Bench) -> None:
    bench.fill(5)
    bench.clock.on(days=1)
    with bench.open() as log:
        log.append("other.act", result="failure", resource="thing/9")
    since = bench.clock() - timedelta(hours=1)

    def seqs(**wanted: Any) -> list[int]:
        return [e.seq for e in select(bench.folder, EntryFilter(**wanted))]

    assert seqs(action="demo.*") == [1, 2, 3, 4, 5]
    assert seqs(result="failure") == seqs(since=since) == seqs(resource="*/9") == [6]
    assert seqs(until=since, user="tester") == [0, 1, 2, 3, 4, 5]
    assert seqs(user="nobody") == []


def test_unknown_types_are_counted_and_the_first_ones_named(facts: AuditFacts) -> None:
    assert isinstance(facts.activity, Known)
    assert "Unknown types" not in views.overview(facts).text
    names = tuple(f"x_{number:03}" for number in range(300))
    types = (*facts.activity.value.types, *(Count(name=name, count=7) for name in names))
    summary = facts.activity.value.model_copy(update={"types": types, "unknown_types": names})
    told = views.overview(facts.model_copy(update={"activity": Known(summary)})).text
    assert "Unknown types (2,100 rows): x_000, x_001" in told
    assert "x_019 and 280 more." in told
    assert "x_020" not in told


def test_a_pipe_and_a_line_without_end_in_an_applications_log_are_no_records(
    tmp_path: Path,
) -> None:
    """INTERCOM_AUDIT_LOG may name a folder that other programs write to."""
    folder = tmp_path / "log"
    folder.mkdir()
    record = '{"time": "2026-02-01T09:00:00Z", "action": "export", "user": "ana"}\n'
    (folder / "a.jsonl").write_text("x" * 3_000_000 + "\n" + record)
    (folder / "zero.log").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.log")
    now = datetime(2026, 3, 1, tzinfo=UTC)
    seen = status_of(folder, "INTERCOM_AUDIT_LOG", tmp_path / "state", now)
    assert seen.records == 1
