"""What the views of both reviews show, and what they never let through."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

from helpers.access import views as access_views
from helpers.access.records import AccessFacts, Attestation, SecurityEvent
from helpers.core.model import Known
from helpers.core.view import View
from helpers.intercom.records import Allowlist, Connector, IdentitySecret, Teammate
from helpers.intercom.scopes import catalog
from helpers.scopes import views as scope_views
from helpers.scopes.records import (
    Certainty,
    Grant,
    PreviousReview,
    ProbeAnswer,
    Reading,
    ScopeFacts,
    ScopeVerdict,
    TokenScopes,
    Use,
    WriteProbes,
)
from helpers.scopes.views import action, blast_radius, drift, overview, todo
from tests.checking import NOW, off, unreadable
from tests.report.samples import HOSTILE


def token(*granted: str, unknown: tuple[str, ...] = (), **more: Any) -> TokenScopes:
    def verdict(key: str) -> Grant:
        if key in unknown:
            return Grant.UNKNOWN
        return Grant.GRANTED if key in granted else Grant.MISSING

    rows = tuple(ScopeVerdict(scope=k, verdict=verdict(k), why="") for k in catalog())
    named = {"variable": "INTERCOM_ACCESS_TOKEN", "fingerprint": "a", "verdicts": rows, **more}
    return TokenScopes(**named)


def use(scope: str, call: str = "GET /tags", path: str = "sync.py") -> Use:
    return Use(scope=scope, call=call, path=path, line=7)


def facts(
    access: TokenScopes, *uses: Use, allowed: tuple[str, ...] = (), **more: Any
) -> ScopeFacts:
    base: dict[str, Any] = {
        "access": Known(access),
        "reader": off(),
        "writer": off(),
        "uses": Known(uses),
        "allowed": Known(allowed),
        "previous": off(),
        "attestations": Known(()),
    }
    return ScopeFacts(**(base | more))


def rows(view: View) -> list[list[str]]:
    """The cells of a view's table."""
    cells = (re.split(r" {2,}", line) for line in view.text.splitlines())
    return [row for row in cells if len(row) > 1 and not set("".join(row)) <= {"-"}][1:]


def test_the_matrix_says_what_to_do_about_each_scope_the_most_urgent_first() -> None:
    shown = overview(
        facts(
            token("read_tags", "read_news", "write_tags", unknown=("write_events",)),
            use("read_tags"),
            use("write_tags"),
            use("read_tickets"),
            use("write_events"),
            allowed=("read_tags", "read_tickets"),
        )
    )
    told = {row[0].split(" (")[0]: row[-1] for row in rows(shown)}
    assert list(told.items()) == [
        ("Read and list news items and newsfeeds", "untick"),
        ("Write tags", "allow, or remove the call"),
        ("Read tickets", "tick"),
        ("Write events", "check by hand"),
        ("Read tags", "fits"),
    ]
    assert "1 to untick" in shown.text.splitlines()[0]


def test_without_the_sources_the_matrix_gives_no_advice() -> None:
    shown = overview(facts(token("read_tags"), uses=unreadable()))
    assert rows(shown) == [["Read tags (read_tags)", "█░░░ low", "● yes", "?", "○ no", "–"]]
    assert "Not read, sources: It did not answer." in shown.text


def test_a_reader_that_may_write_stands_out() -> None:
    reader = Known(token("write_tags", "read_tags", variable="INTERCOM_READ_TOKEN"))
    html = str(overview(facts(token("read_tags"), use("read_tags"), reader=reader)).html)
    (row,) = (r for r in html.split("<tr>") if "Write tags" in r)
    assert "background:#fbdfdf" in row
    (row,) = (r for r in html.split("<tr>") if "Read tags" in r)
    assert "background:#fbdfdf" not in row


def test_the_to_do_and_the_blast_radius_begin_with_the_worst() -> None:
    found = facts(token("read_news", "read_conversations", "read_tags"), use("read_tags"))
    assert [row[1] for row in rows(todo(found))] == [
        "Read conversations (read_conversations)",
        "Read and list news items and newsfeeds (read_news)",
    ]
    shown = blast_radius(found)
    assert shown.text.startswith("Today: 1 critical, 2 low. After the to-do: 1 low.")
    assert [row[-1] for row in rows(shown)] == ["goes", "stays", "goes"]


def test_a_needed_scope_that_is_missing_is_ticked_for_the_place_that_needs_it() -> None:
    (row,) = rows(todo(facts(token(), use("read_tags"))))
    assert row == ["☑ tick", "Read tags (read_tags)", "GET /tags in sync.py:7"]


def test_drift_names_what_came_and_went_and_counts_what_can_not_be_told_now() -> None:
    before = {v.scope: v.verdict for v in token("read_tags", "read_news").verdicts}
    del before["read_counts"]
    past = PreviousReview(at=datetime(2026, 2, 1, tzinfo=UTC), verdicts=tuple(before.items()))
    now = token("read_tickets", "read_counts", unknown=("read_news",))
    shown = drift(facts(now, previous=Known(past)))
    assert [(row[0], row[2], row[3]) for row in rows(shown)] == [
        ("+ seen", "not in the catalog", "granted"),
        ("+ came", "missing", "granted"),
        ("– went", "granted", "missing"),
    ]
    assert "2026-02-01" in shown.text
    assert "1 that were known then are unknown now." in shown.text


def answer(call: str, status: int, reading: Reading, **more: Any) -> ProbeAnswer:
    return ProbeAnswer(call=call, status=status, code="c", reading=reading, **more)


def test_a_404_of_a_write_probe_counts_only_where_another_token_was_refused() -> None:
    gone = answer("DELETE /tags/0", 404, Reading.SILENT, absent=True)
    alone = answer("DELETE /articles/0", 404, Reading.SILENT, absent=True)
    refused = answer("DELETE /tags/0", 403, Reading.REFUSED)
    shown = action(WriteProbes(answers=(("A", (gone, alone)), ("B", (refused,)))))
    assert rows(shown) == [
        ["DELETE /tags/0", "● 404 c", "○ 403 c"],
        ["DELETE /articles/0", "? 404 c", "–"],
    ]
    assert action(WriteProbes(answers=())).text.startswith("No token is set.")


EVERY: list[tuple[type[Any], ModuleType]] = [(ScopeFacts, scope_views), (AccessFacts, access_views)]


@pytest.mark.parametrize(("kind", "views"), EVERY)
def test_a_view_says_why_there_is_nothing(kind: Any, views: ModuleType) -> None:
    empty = kind(**{name: unreadable() for name in kind.model_fields})
    for name in set(views.__all__) - {"action"}:
        assert "It did not answer." in getattr(views, name)(empty).text, name


def hostile_scopes(text: str) -> ScopeFacts:
    odd = ProbeAnswer(call="GET /tags", status=403, code=text, reading=Reading.REFUSED, why=text)
    verdict = ScopeVerdict(scope="read_tags", verdict=Grant.GRANTED, why=text, answers=(odd,))
    owner = Teammate(id=text, name=text, email=text, role=text)
    rest = tuple(v for v in token().verdicts if v.scope != "read_tags")
    asked = token(variable=text, owner=owner).model_copy(update={"verdicts": (verdict, *rest)})
    seen = Use(scope="read_news", call=text, path=text, line=1, sure=Certainty.POSSIBLE, how=text)
    past = PreviousReview(at=NOW, verdicts=(("read_tags", Grant.MISSING),))
    return facts(asked, seen, reader=Known(asked), allowed=(text,), previous=Known(past))


def hostile_access(text: str) -> AccessFacts:
    person = Teammate(id=text, name=text, email=text, role=text, inbox_seat=True)
    wired = Connector(
        id=text,
        name=text,
        url=text,
        state=text,
        headers=(text,),
        token_ids=(text,),
        customer_authentication=False,
        bypass_authentication=False,
    )
    said = Attestation(question="roles", answer=text, by=text, on=NOW.date(), expires=NOW.date())
    secret = IdentitySecret(id=text, name=text, created_at=NOW, web=True, ios=None, android=False)
    return AccessFacts(
        teammates=Known((person, person.model_copy(update={"role": ""}))),
        last_seen=Known(()),
        events=Known((SecurityEvent(kind=text, count=1, newest=NOW),)),
        identity_verification=Known(False),
        identity_secrets=Known((secret,)),
        allowlist=Known(Allowlist(enabled=True, entries=(text,))),
        connectors=Known((wired, wired)),
        attestations=Known((said,)),
    )


def _elements(html: str) -> list[str]:
    return re.findall(r"<(?!/?code>)[a-z/]+", html)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_harmless_in_every_view(text: str) -> None:
    pairs = [
        (scope_views, hostile_scopes(text), hostile_scopes("calm")),
        (access_views, hostile_access(text), hostile_access("calm")),
    ]
    for views, made, calm in pairs:
        for name in set(views.__all__) - {"action"}:
            shown, plain = getattr(views, name)(made), getattr(views, name)(calm)
            assert _elements(str(shown.html)) == _elements(str(plain.html)), name
            assert not set("\x1b\x9b\u202e") & set(shown.text + shown.html), name
    odd = ProbeAnswer(call=text, status=404, code=text, reading=Reading.SILENT, why=text)
    shown = action(WriteProbes(answers=((text, (odd,)),)))
    assert "<script" not in str(shown.html)
    assert not set("\x1b\x9b\u202e") & set(shown.text + str(shown.html))
