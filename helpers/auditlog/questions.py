"""Questions about the activity log: named SQL files, and their results.

A question is `questions/<name>.sql`. Its comment gives `title`, `asks` and the `variables` it uses;
its result has the columns id, happened, actor, ip, activity, detail, flags. `_prepare.sql` creates
the tables that all questions use. DuckDB runs them on the Parquet partitions.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from helpers.auditlog.database import open_database, sql_list
from helpers.auditlog.evidence import ALARM, SIGNS, SUSPICION
from helpers.auditlog.partitions import COLUMNS
from helpers.auditlog.records import ActivityRow, ActivitySummary, Count, DayCount, QuestionResult
from helpers.intercom.activity_types import activity_types

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "SETTLED_MINUTES",
    "Question",
    "QuestionParameters",
    "ask",
    "count_rows",
    "questions",
]

SETTLED_MINUTES: Final = 60  # rows may arrive so much later
_SHOWN: Final = 50  # rows of one result that go into a snapshot
_LONGEST: Final = 300  # characters of one detail
_HEADER: Final = re.compile(r"^-- (title|asks|variables): (.+)$", re.MULTILINE)
_VARIABLES: Final[Mapping[str, Any]] = {
    "failures": 3,
    "within_minutes": 60,
    "many_failures": 6,
    "many_exports": 15,
    "suspicion": SUSPICION,
    "alarm": ALARM,
    "dormant_days": 90,
    "peak_times": 5,
    "peak_least": 20,
    "time_zone": "UTC",
    "day_starts": 7,
    "day_ends": 20,
}


@dataclass(frozen=True)
class Question:
    """A named question."""

    name: str
    title: str
    asks: str
    variables: tuple[str, ...]
    sql: str


@dataclass(frozen=True)
class QuestionParameters:
    """The period, the ids of today's teammates, and the variables that the policy sets."""

    start: datetime
    end: datetime
    teammates: tuple[str, ...]
    variables: Mapping[str, Any]


@cache
def questions() -> tuple[Question, ...]:
    """Every question: the takeover first, then the others by name."""
    folder = files("helpers.auditlog").joinpath("questions")
    found = [
        _question(f.name.removesuffix(".sql"), f.read_text("utf-8"))
        for f in folder.iterdir()
        if f.name.endswith(".sql") and not f.name.startswith("_")
    ]
    return tuple(sorted(found, key=lambda q: (q.name != "takeover", q.name)))


def ask(
    partitions: Sequence[Path], parameters: QuestionParameters, *, only: Collection[str] = ()
) -> tuple[ActivitySummary, tuple[QuestionResult, ...]]:
    """Run every question, or those named, on the rows in these files.

    Raises StateError if a file is damaged.
    """
    folder = partitions[0].parent if partitions else Path()
    with open_database(folder) as database:
        _prepare(database, partitions, parameters)
        asked = (question for question in questions() if not only or question.name in only)
        answers = tuple(_answer(database, question, parameters) for question in asked)
        return _summary(database, parameters), answers


def count_rows(
    partitions: Sequence[Path], periods: Sequence[tuple[datetime, datetime]]
) -> list[int]:
    """How many rows each period has. Raises StateError if a file is damaged."""
    if not partitions:
        return [0] * len(periods)
    rows = f"FROM read_parquet({sql_list(partitions)})"
    query = f"SELECT count(*) {rows} WHERE happened >= ? AND happened < ?"
    with open_database(partitions[0].parent) as database:
        return [
            database.execute(
                query, [at.astimezone(UTC).replace(tzinfo=None) for at in period]
            ).fetchall()[0][0]
            for period in periods
        ]


def _question(name: str, sql: str) -> Question:
    header: dict[str, str] = dict(_HEADER.findall(sql))
    variables = tuple(v.strip() for v in header.get("variables", "").split(",") if v.strip())
    return Question(name, header["title"], header["asks"], variables, sql)


def _prepare(
    database: duckdb.DuckDBPyConnection, partitions: Sequence[Path], parameters: QuestionParameters
) -> None:
    variables = {**_VARIABLES, **parameters.variables}
    variables["period_start"] = parameters.start.astimezone(UTC).replace(tzinfo=None)
    variables["period_end"] = parameters.end.astimezone(UTC).replace(tzinfo=None)
    variables["known_types"] = sorted(activity_types())
    for name, value in variables.items():
        database.execute(f"SET VARIABLE {name} = ?", [value])
    database.execute("CREATE TEMP TABLE teammates (id VARCHAR)")
    if parameters.teammates:
        database.executemany(
            "INSERT INTO teammates VALUES (?)", [[t] for t in parameters.teammates]
        )
    database.execute(
        "CREATE TEMP TABLE points (sign TEXT, words TEXT, hand INT, deed INT, place INT)"
    )
    database.executemany(
        "INSERT INTO points VALUES (?, ?, ?, ?, ?)",
        [[s.name, s.words, s.hand, s.deed, place] for place, s in enumerate(SIGNS)],
    )
    _view(database, partitions)
    prepare = files("helpers.auditlog").joinpath("questions", "_prepare.sql")
    database.execute(prepare.read_text("utf-8"))


def _points(database: duckdb.DuckDBPyConnection) -> None:
    """The table of the signs of a takeover."""
    columns = "sign TEXT, words TEXT, hand INT, deed INT, place INT"
    database.execute(f"CREATE TEMP TABLE points ({columns})")
    rows = [[sign.name, sign.words, sign.hand, sign.deed, at] for at, sign in enumerate(SIGNS)]
    database.executemany("INSERT INTO points VALUES (?, ?, ?, ?, ?)", rows)


def _view(database: duckdb.DuckDBPyConnection, partitions: Sequence[Path]) -> None:
    columns = ", ".join(COLUMNS)
    if partitions:
        rows = f"SELECT {columns} FROM read_parquet({sql_list(partitions)})"  # noqa: S608 (constant text)
    else:
        nothing = ", ".join(f"NULL::{kind} AS {name}" for name, kind in COLUMNS.items())
        rows = f"SELECT {nothing} WHERE false"
    database.execute(
        f"CREATE TEMP VIEW activity AS SELECT * FROM ({rows}) "  # noqa: S608 (constant text)
        "WHERE happened < getvariable('period_end')"
    )


def _answer(
    database: duckdb.DuckDBPyConnection, question: Question, parameters: QuestionParameters
) -> QuestionResult:
    database.execute(f"CREATE OR REPLACE TEMP TABLE answer AS {question.sql}")
    count, flagged = _one(
        database, "SELECT count(*), count(*) FILTER (WHERE len(flags) > 0) FROM answer"
    )
    first = "SELECT * FROM answer ORDER BY len(flags) = 0, happened, id LIMIT ?"
    rows = tuple(sorted(map(_row, database.execute(first, [_SHOWN]).fetchall()), key=_by_time))
    used = {**_VARIABLES, **parameters.variables}
    return QuestionResult(
        question=question.name,
        title=question.title,
        count=count,
        flagged=flagged,
        rows=rows,
        parameters=tuple((name, str(used[name])) for name in question.variables),
    )


def _row(row: Sequence[Any]) -> ActivityRow:
    id_, at, actor, ip, activity, detail, flags = row
    return ActivityRow(
        id=str(id_),
        at=at.replace(tzinfo=UTC),
        actor=actor or "",
        ip=ip or "",
        activity=activity,
        detail=(detail or "")[:_LONGEST],
        flags=tuple(dict.fromkeys(flags or ())),
    )


def _by_time(row: ActivityRow) -> tuple[datetime, str]:
    return row.at, row.id


def _summary(
    database: duckdb.DuckDBPyConnection, parameters: QuestionParameters
) -> ActivitySummary:
    within = "FROM activity WHERE happened >= getvariable('period_start')"
    rows, settled, teammates = _one(
        database,
        "SELECT count(*), count(*) FILTER (WHERE happened < getvariable('period_end')"
        f" - INTERVAL {SETTLED_MINUTES} MINUTE), count(DISTINCT actor) {within}",
    )
    types = database.execute(
        f"SELECT activity, count(*) AS n {within} GROUP BY activity ORDER BY n DESC, activity"
    ).fetchall()
    days = database.execute(_DAYS).fetchall()
    security = database.execute(_TIMELINE).fetchall()
    return ActivitySummary(
        start=parameters.start,
        end=parameters.end,
        rows=rows,
        settled_rows=settled,
        teammates=teammates,
        types=tuple(Count(name=name, count=count) for name, count in types),
        unknown_types=tuple(sorted({name for name, _ in types} - activity_types())),
        days=tuple(DayCount(day=str(d), total=n, security=s) for d, n, s in days),
        security=tuple(sorted(map(_row, security), key=_by_time)),
    )


def _one(database: duckdb.DuckDBPyConnection, sql: str) -> Any:
    return database.execute(sql).fetchone()


_DAYS: Final = """
SELECT CAST(a.happened AS DATE) AS day, count(*),
  count(*) FILTER (WHERE a.activity IN (SELECT activity FROM kinds WHERE kind <> 'log-in'))
FROM activity AS a WHERE a.happened >= getvariable('period_start') GROUP BY day ORDER BY day
"""
_TIMELINE: Final = """
SELECT id, happened, actor, ip, activity, detail, flags FROM security
WHERE kind <> 'log-in' OR activity = 'admin_login_failure'
ORDER BY len(flags) = 0, happened DESC, id LIMIT 60
"""
