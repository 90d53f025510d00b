"""Content that hides content, hostile content included: within limits, and reported."""

from __future__ import annotations

import gzip
import io
import json
import os
import sqlite3
import struct
import sys
import tarfile
import zipapp
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.exposure.unpack import UnpackBudget, UnpackedPart, is_plain, unpack

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def reasons(parts: list[UnpackedPart]) -> list[str]:
    return [part.reason for part in parts if part.reason]


def content(parts: list[UnpackedPart]) -> dict[str, bytes]:
    return {part.inner: part.data for part in parts if not part.reason}


def test_plain_content_is_itself() -> None:
    assert list(unpack("a", b"hello")) == [UnpackedPart("", b"hello")]


def test_a_bomb_is_cut_at_its_ratio_and_reported() -> None:
    bomb = gzip.compress(bytes(64 << 20))
    parts = list(unpack("a.gz", bomb, UnpackBudget(free=1 << 20, ratio=10)))
    assert len(content(parts)["gz"]) == (1 << 20) + 10 * len(bomb)
    assert reasons(parts) == ["unpacks to too much: only its beginning was searched"]


def test_many_bombs_share_one_budget() -> None:
    data = zipped({f"{i}": bytes(1 << 20) for i in range(40)})
    parts = list(unpack("a.zip", data, UnpackBudget(bytes=8 << 20)))
    assert sum(len(part.data) for part in parts) <= 9 << 20
    assert any("the archive is too large" in reason for reason in reasons(parts))


def test_many_members_stop_at_the_limit() -> None:
    data = zipped({f"{i}": b"" for i in range(1_000)})
    parts = list(unpack("a.zip", data, UnpackBudget(entries=500)))
    assert len(parts) == 501
    assert reasons(parts) == ["the archive is too large: this and what follows is not read"]


def test_nesting_stops_at_the_limit() -> None:
    data = b"deep"
    for _ in range(8):
        data = gzip.compress(data)
    parts = list(unpack("a.gz", data))
    assert reasons(parts) == ["archives nested too deep"]


def test_a_damaged_archive_is_searched_as_bytes_and_reported() -> None:
    data = zipped({"a": os.urandom(5000)})
    parts = list(unpack("a.zip", data[:2000]))
    assert content(parts) == {"": data[:2000]}
    assert reasons(parts) == ["the archive is damaged (BadZipFile)"]


def test_a_damaged_member_does_not_affect_others() -> None:
    data = bytearray(zipped({"bad": os.urandom(5000), "good": b"fine"}))
    data[100] ^= 0xFF
    parts = list(unpack("a.zip", bytes(data)))
    assert content(parts) == {"good": b"fine"}
    assert reasons(parts) == ["can't be unpacked (BadZipFile)"]


def test_an_encrypted_member_is_reported() -> None:
    data = bytearray(zipped({"secret": b"x"}))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    assert reasons(list(unpack("a.zip", bytes(data)))) == ["can't be unpacked (RuntimeError)"]


def test_links_and_devices_of_a_tar_are_skipped() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind in (("link", tarfile.SYMTYPE), ("device", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    assert list(unpack("a.tar", buffer.getvalue())) == []


def test_an_archive_that_can_not_be_opened_is_reported() -> None:
    parts = list(unpack("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(50)))
    assert reasons(parts) == ["a 7z archive, which is not opened"]


@pytest.mark.parametrize(
    "front", [b"#!/usr/bin/env python3\n", b"MZ" + bytes(3000), b"#!/bin/sh\nexit\n"]
)
def test_a_zip_behind_a_program_is_opened(front: bytes) -> None:
    parts = content(list(unpack("app.pyz", front + zipped({"__main__.py": b"x", "b/c": b"y"}))))
    assert parts.pop("").startswith(front)
    assert parts == {"__main__.py": b"x", "b/c": b"y"}


def test_a_zipapp_of_python_is_opened(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__main__.py").write_text("print(1)")
    zipapp.create_archive(tmp_path / "app", tmp_path / "app.pyz", "/usr/bin/env python3")
    data = (tmp_path / "app.pyz").read_bytes()
    assert content(list(unpack("app.pyz", data)))["__main__.py"] == b"print(1)"


def test_a_comment_behind_the_end_record_hides_nothing() -> None:
    buffer = io.BytesIO(b"MZ")
    buffer.seek(2)
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", "x")
        archive.comment = b"c" * 60_000
    assert content(list(unpack("a.exe", buffer.getvalue())))["a"] == b"x"


def test_the_bytes_of_an_end_record_in_a_program_are_no_archive() -> None:
    program = bytes(500) + b"PK\x05\x06" + bytes(80)
    assert is_plain(program)
    assert list(unpack("a.so", program)) == [UnpackedPart("", program)]


def test_a_zip_behind_a_program_is_read_to_its_limit() -> None:
    data = b"#!python\n" + zipped({f"{i}": b"x" for i in range(20_005)})
    parts = list(unpack("a.pyz", data))
    assert len(content(parts)) == 20_001
    assert parts[-1] == UnpackedPart(
        "20000", reason="the archive is too large: this and what follows is not read"
    )


def test_zstd_is_unpacked_and_damage_in_it_is_reported() -> None:
    data = zstd.compress(b"hello" * 1000)
    assert content(list(unpack("a.zst", data))) == {"zst": b"hello" * 1000}
    assert reasons(list(unpack("a.zst", data[:-3]))) == ["can't be unpacked (EOFError)"]
    assert reasons(list(unpack("a.zst", data[:4] + b"\xff" * 30))) == [
        "can't be unpacked (ValueError)"
    ]


def database(*statements: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        return connection.serialize()


def test_the_rows_of_a_database_are_read_with_their_columns() -> None:
    data = database(
        "CREATE TABLE keys (name TEXT, value BLOB)",
        "INSERT INTO keys VALUES ('token', 'abc'), ('other', x'00ff')",
    )
    parts = content(list(unpack("a.db", data)))
    assert parts == {"": data, "table keys": b"name=token value=abc\nname=other value=\x00\xff\n"}


def test_a_database_in_wal_mode_is_read() -> None:
    data = database("CREATE TABLE keys (value TEXT)", "INSERT INTO keys VALUES ('abc')")
    data = data[:18] + b"\x02\x02" + data[20:]
    assert content(list(unpack("a.db", data)))["table keys"] == b"value=abc\n"


def test_views_and_virtual_tables_of_a_database_are_not_run() -> None:
    data = database(
        "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT i FROM n",
        "CREATE VIRTUAL TABLE words USING fts5(body)",
    )
    parts = content(list(unpack("a.db", data)))
    assert {name for name in parts if "endless" in name or name == "table words"} == set()


def test_a_damaged_database_is_searched_as_bytes_and_reported() -> None:
    data = database("CREATE TABLE keys (value TEXT)", "INSERT INTO keys VALUES ('abc')")
    broken = data[:4096] + b"\xff" * (len(data) - 4096)
    parts = list(unpack("a.db", broken))
    assert content(parts) == {"": broken}
    assert reasons(parts) == ["the archive is damaged (ValueError)"]


def test_a_duplicate_key_of_a_notebook_hides_nothing() -> None:
    data = b'{"cells": [{"source": "first", "source": "second"}], "nbformat": 4}'
    (cell,) = [part for part in unpack("a.ipynb", data) if part.inner == "cell 1"]
    assert cell.data.splitlines() == [b"source: first", b"source: second"]


def test_pictures_of_a_notebook_are_left_out() -> None:
    output = {"data": {"image/png": "QUJD" * 9, "text/plain": "shown"}}
    document = {"cells": [{"source": "x", "outputs": [output]}], "nbformat": 4}
    text = b"".join(part.data for part in unpack("a.ipynb", json.dumps(document).encode()))
    assert b"shown" in text
    assert b"QUJD" not in text


def test_a_broken_notebook_is_searched_as_bytes() -> None:
    data = b'{"cells": [, "nbformat": 4'
    assert list(unpack("a.ipynb", data)) == [UnpackedPart("", data)]


def test_a_notebook_nested_too_deep_is_searched_as_bytes() -> None:
    data = b'{"nbformat":4,"cells":' + b"[" * 200_000
    assert list(unpack("a.ipynb", data)) == [UnpackedPart("", data)]


@given(
    st.binary(max_size=90).map(b"MZ".__add__), st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1)
)
def test_a_false_end_record_never_raises(front: bytes, count: int, size: int) -> None:
    listed = b"PK\x01\x02" + front
    record = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, size, len(front), 0)
    for length in (size, len(listed)):
        record = record[:12] + struct.pack("<L", length) + record[16:]
        parts = list(unpack("a", front + listed + record))
        assert parts[0].data == front + listed + record


@given(
    st.sampled_from(
        [
            *(b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\x00", bytes(257) + b"ustar"),
            *(b"\x28\xb5\x2f\xfd", b"MZ", b"SQLite format 3\0"),
        ]
    ),
    st.binary(max_size=600),
    st.sampled_from([b"", b"PK\x05\x06" + bytes(18)]),
)
def test_garbage_after_a_magic_number_never_raises(magic: bytes, rest: bytes, end: bytes) -> None:
    parts = list(unpack("a", magic + rest + end))
    assert parts == [] or all(isinstance(part, UnpackedPart) for part in parts)
