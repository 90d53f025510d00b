"""state.db: private, durable, migrated by number, and refused when damaged or too new."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from helpers.core.errors import StateError
from helpers.system.state import database, open_state, seal, writing

Migrations = Mapping[int, tuple[str, str]]
LEDGER = "CREATE TABLE ledger (id INTEGER, state TEXT, row_hash TEXT) STRICT;"


def use(monkeypatch: pytest.MonkeyPatch, found: Migrations) -> None:
    monkeypatch.setattr(database, "migrations", lambda: found)


def version(folder: Path) -> int:
    with sqlite3.connect(folder / "state.db") as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_a_new_state_is_private_and_durable(tmp_path: Path) -> None:
    folder = tmp_path / "production"
    connection = open_state(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "state.db").stat().st_mode) == 0o600
    pragmas = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    assert pragmas == {"journal_mode": "truncate", "synchronous": 2, "foreign_keys": 1}
    connection.close()


def test_every_migration_in_the_package_is_applied_and_strict(tmp_path: Path) -> None:
    connection = open_state(tmp_path)
    applied = [row[0] for row in connection.execute("SELECT number FROM migrations ORDER BY 1")]
    assert applied == list(database.migrations())
    loose = (
        "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND schema = 'main'"
    )
    assert [r[0] for r in connection.execute(loose) if not r[0].startswith("sqlite_")] == []
    connection.close()


def test_a_file_made_before_a_lower_migration_existed_still_gets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, third = ("0001_a.sql", "CREATE TABLE a (x INT) STRICT;"), ("0003_c.sql", LEDGER)
    use(monkeypatch, {1: first, 3: third})
    open_state(tmp_path).close()
    second = ("0002_b.sql", "CREATE TABLE b (x INT) STRICT;")
    use(monkeypatch, {1: first, 2: second, 3: third})
    connection = open_state(tmp_path)
    assert connection.execute("SELECT count(*) FROM b").fetchone()[0] == 0
    connection.close()
    assert version(tmp_path) == 3


def test_a_state_of_a_newer_runbook_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    open_state(tmp_path).close()
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("PRAGMA user_version = 999")
    before = (tmp_path / "state.db").read_bytes()
    with pytest.raises(StateError, match="newer runbook"):
        open_state(tmp_path)
    assert (tmp_path / "state.db").read_bytes() == before


def test_a_copy_is_kept_before_a_migration_of_a_file_that_holds_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ("0001_a.sql", "CREATE TABLE a (x INT) STRICT; INSERT INTO a VALUES (7);")
    use(monkeypatch, {1: first})
    open_state(tmp_path).close()
    assert list(tmp_path.glob("*.before-*")) == []
    use(monkeypatch, {1: first, 2: ("0002_b.sql", "DROP TABLE a;")})
    open_state(tmp_path).close()
    backup = tmp_path / "state.db.before-0002"
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with sqlite3.connect(backup) as connection:
        assert connection.execute("SELECT x FROM a").fetchone()[0] == 7


def test_a_migration_that_fails_leaves_nothing_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ("0001_a.sql", "CREATE TABLE a (x INT) STRICT;")
    broken = ("0002_b.sql", "CREATE TABLE b (x INT) STRICT; INSERT INTO nowhere VALUES (1);")
    use(monkeypatch, {1: first, 2: broken})
    with pytest.raises(StateError, match="nowhere"):
        open_state(tmp_path)
    with sqlite3.connect(tmp_path / "state.db") as connection:
        assert (
            connection.execute("SELECT name FROM sqlite_schema WHERE name = 'b'").fetchall() == []
        )
    assert version(tmp_path) == 1


def test_semicolons_in_strings_comments_and_triggers_do_not_split_a_statement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = """
    -- a comment; with a semicolon
    CREATE TABLE a (x TEXT) STRICT;
    CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET x = 'b;c'; SELECT 1; END;
    INSERT INTO a VALUES ('first;second');
    """
    use(monkeypatch, {1: ("0001_a.sql", sql)})
    connection = open_state(tmp_path)
    assert connection.execute("SELECT x FROM a").fetchone()[0] == "b;c"
    connection.close()


def test_two_processes_that_open_a_new_state_at_once_both_succeed(tmp_path: Path) -> None:
    failures: list[Exception] = []

    def open_one() -> None:
        try:
            open_state(tmp_path).close()
        except Exception as error:  # noqa: BLE001 (told by the assertion below)
            failures.append(error)

    threads = [threading.Thread(target=open_one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_write_that_raises_is_rolled_back(tmp_path: Path) -> None:
    connection = open_state(tmp_path)
    statement = (
        "INSERT INTO runs (name, generated_at, tool_version, summary) VALUES ('a','b','c','d')"
    )

    def fail() -> None:
        with writing(connection):
            connection.execute(statement)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert connection.execute("SELECT count(*) FROM runs").fetchone()[0] == 0
    connection.close()


def test_a_changed_value_under_a_row_hash_is_noticed_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, {1: ("0001_l.sql", LEDGER)})
    connection = open_state(tmp_path)
    row = seal({"id": 1, "state": "PLANNED"})
    with writing(connection):
        connection.execute("INSERT INTO ledger VALUES (:id, :state, :row_hash)", row)
    connection.close()
    open_state(tmp_path).close()  # as written: fine
    path = tmp_path / "state.db"
    content = path.read_bytes()
    assert content.count(b"PLANNED") == 1
    path.write_bytes(content.replace(b"PLANNED", b"PLANNEE"))
    with pytest.raises(StateError, match="damaged: ledger row 1"):
        open_state(tmp_path)


def test_a_torn_file_is_told_as_damaged_and_names_the_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = (
        "0001_a.sql",
        "CREATE TABLE a (x TEXT) STRICT; INSERT INTO a VALUES ('" + "y" * 9000 + "');",
    )
    use(monkeypatch, {1: first})
    open_state(tmp_path).close()
    use(monkeypatch, {1: first, 2: ("0002_b.sql", "CREATE TABLE b (x INT) STRICT;")})
    open_state(tmp_path).close()
    path = tmp_path / "state.db"
    os.truncate(path, path.stat().st_size - 4096)
    with pytest.raises(StateError, match=r"damaged: .*state\.db\.before-0002 is the copy"):
        open_state(tmp_path)


def test_something_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"not a database, " * 300)
    with pytest.raises(StateError, match="damaged: file is not a database"):
        open_state(tmp_path)


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_bytes(b"")
    (tmp_path / "state.db").symlink_to(target)
    with pytest.raises(StateError, match="can't be used"):
        open_state(tmp_path)
    assert target.read_bytes() == b""
