"""Each kind of secret in every place where people leave one: the set behind the table of recall.

Every secret is made at run time and is different, so that a missing one names its place and kind.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import html
import io
import json
import lzma
import marshal
import secrets
import sqlite3
import sys
import tarfile
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from string import ascii_letters, digits
from typing import Final, NamedTuple
from urllib.parse import quote

from pydantic import SecretStr

from helpers.core.redaction import fingerprint
from helpers.core.settings import Credential
from tests.conftest import make_access_token, run_git

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["DECOYS", "KINDS", "PLACES", "PlantedSet", "planted_set"]


class Kind(NamedTuple):
    """A kind of secret: its label in the table, and the line that contains a new one."""

    label: str
    kind: str
    make: Callable[[], str]
    line: str


def _mixed() -> str:
    """Letters of both cases and digits, as AWS makes them, and no sign that an address escapes."""
    return "".join(["aB0", *(secrets.choice(ascii_letters + digits) for _ in range(37))])


IN_USE: Final = "a secret in use, without its name"
KINDS: Final = (
    Kind("access token", "access_token", make_access_token, "INTERCOM_ACCESS_TOKEN={}"),
    Kind("client secret", "client_secret", lambda: str(uuid.uuid4()), "INTERCOM_CLIENT_SECRET={}"),
    Kind(
        "identity secret",
        "identity_secret",
        lambda: secrets.token_urlsafe(32),
        "INTERCOM_IDENTITY_SECRET={}",
    ),
    Kind("legacy API key", "legacy_api_key", lambda: secrets.token_hex(20), "INTERCOM_API_KEY={}"),
    Kind(
        "mobile SDK key", "mobile_sdk_key", lambda: f"ios_sdk-{secrets.token_hex(20)}", "IOS_KEY={}"
    ),
    Kind(
        "Fin Agent webhook secret",
        "fin_agent_secret",
        lambda: secrets.token_hex(20),
        "FIN_AGENT_WEBHOOK_SECRET={}",
    ),
    Kind(
        "Fin Agent API key",
        "fin_agent_key",
        lambda: secrets.token_urlsafe(32),
        "FIN_AGENT_API_KEY={}",
    ),
    Kind(
        "MCP bearer",
        "mcp_token",
        lambda: secrets.token_hex(24),
        "MCP=https://mcp.intercom.com/mcp Authorization: Bearer {}",
    ),
    Kind("another provider's key", "aws-secret-access-key", _mixed, "AWS_SECRET_ACCESS_KEY={}"),
    Kind(IN_USE, "identity_secret", lambda: secrets.token_hex(16), "note {}"),
)


@dataclass
class PlantedSet:
    """The repository, the fingerprints in it by place and kind, and the secrets in use."""

    folder: Path
    expected: dict[tuple[str, str], str] = field(default_factory=dict)
    credentials: list[Credential] = field(default_factory=list)

    def lines(self, place: str) -> str:
        """Return a new secret of each kind, one a line, as an env file holds them."""
        return "".join(f"{self._line(place, kind)}\n" for kind in KINDS)

    def _line(self, place: str, kind: Kind) -> str:
        value = kind.make()
        self.expected[place, kind.label] = fingerprint(kind.kind, value)
        if kind.label == IN_USE:
            credential = Credential("IN_USE", kind.kind, SecretStr(value), ".env")
            self.credentials.append(credential)
        return kind.line.format(value)

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def git(self, *arguments: str) -> str:
        """Run git in the repository."""
        return run_git(self.folder, *arguments)

    def commit(self, message: str = "work") -> None:
        """Commit everything."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)


Plant = Callable[[PlantedSet, str], None]  # puts the text in its place


class Place(NamedTuple):
    """A place: its group and label in the table, and what puts a text there."""

    group: str
    label: str
    plant: Plant


def _file(name: str, content: Callable[[str], str | bytes] = str) -> Plant:
    return lambda p, text: p.write(name, content(text))


def _base64(data: str | bytes) -> bytes:
    return base64.b64encode(data.encode() if isinstance(data, str) else data)


def _wrapped(text: str, width: int) -> list[str]:
    whole = _base64(text).decode()
    return [whole[start : start + width] for start in range(0, len(whole), width)]


_FILES: Final = {
    "`.env`": _file(".env"),
    "source code": _file("src/config.js", lambda text: f"export const env = `\n{text}`;\n"),
    "YAML": _file(
        "ci.yml", lambda text: "env: |\n" + "".join(f"  {line}\n" for line in text.splitlines())
    ),
    "JSON": _file("settings.json", lambda text: json.dumps({"a": 1, "env": text})),
    "JSON with `\\u003d` for `=`": _file(
        "escaped.json", lambda text: json.dumps({"env": text}).replace("=", "\\u003d")
    ),
    "HTML": _file("page.html", lambda text: f"<pre>{html.escape(text)}</pre>"),
    "log of percent-encoded addresses": _file(
        "app.log", lambda text: "".join(f"GET /?{quote(row, '')}\n" for row in text.splitlines())
    ),
    "documentation": _file("docs/setup.md", lambda text: f"# Set-up\n\n```\n{text}```\n"),
    "test data": _file("tests/fixtures/env.txt"),
    "lines of Windows": _file("windows.env", lambda text: text.replace("\n", "\r\n")),
    "UTF-16, little-endian": _file(
        "little.txt", lambda text: b"\xff\xfe" + text.encode("utf-16-le")
    ),
    "UTF-16, big-endian": _file("big.txt", lambda text: b"\xfe\xff" + text.encode("utf-16-be")),
    "bundle of 1.2 MB on a line": _file(
        "dist/app.js", lambda text: "var a=1;" * 150_000 + json.dumps(text)
    ),
    "`node_modules`": _file("node_modules/x/index.js", lambda text: f"module.exports = `{text}`"),
    "a path with control characters": _file("odd\n\x1b[31m.txt"),
}

_ENCODED: Final = {
    "base64": _file("secret.yaml", lambda text: b"data:\n  env: " + _base64(text)),
    "base64 twice": _file("twice.txt", lambda text: b"V=" + _base64(_base64(text))),
    "base64 three times": _file("thrice.txt", lambda text: b"V=" + _base64(_base64(_base64(text)))),
    "base64, wrapped at 76": _file("wrapped76.txt", lambda text: "\n".join(_wrapped(text, 76))),
    "base64, wrapped at 64": _file("wrapped64.pem", lambda text: "\n".join(_wrapped(text, 64))),
    "base64 in strings over several lines": _file(
        "strings.py",
        lambda text: "E = (\n" + "\n".join(f"  '{r}'" for r in _wrapped(text, 60)) + ")",
    ),
    "base64, folded in YAML": _file(
        "folded.yaml", lambda text: "env: >-\n" + "\n".join(f"  {r}" for r in _wrapped(text, 80))
    ),
    "base64 of gzip": _file(
        "packed.txt", lambda text: b"V=" + _base64(gzip.compress(text.encode()))
    ),
    "Helm release (base64 twice, gzip)": _file(
        "release.yaml", lambda text: b"release: " + _base64(_base64(gzip.compress(text.encode())))
    ),
}


def _notebook(name: str, cell: Callable[[str], object]) -> Plant:
    def plant(p: PlantedSet, text: str) -> None:
        document = {"cells": [cell(text)], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        p.write(f"books/{name}.ipynb", json.dumps(document, indent=1))

    return plant


def _output(**fields: object) -> dict[str, object]:
    return {"cell_type": "code", "source": [], "outputs": [fields]}


_NOTEBOOKS: Final = {
    "code": _notebook(
        "code", lambda text: {"cell_type": "code", "source": text.splitlines(keepends=True)}
    ),
    "Markdown cell": _notebook("text", lambda text: {"cell_type": "markdown", "source": text}),
    "stdout": _notebook(
        "stdout", lambda text: _output(output_type="stream", text=text.splitlines(keepends=True))
    ),
    "result of a cell": _notebook(
        "result",
        lambda text: _output(output_type="execute_result", data={"text/plain": [repr(text)]}),
    ),
    "JSON output": _notebook(
        "json",
        lambda text: _output(output_type="display_data", data={"application/json": {"env": text}}),
    ),
    "HTML output": _notebook(
        "html",
        lambda text: _output(
            output_type="display_data", data={"text/html": f"<pre>{html.escape(text)}</pre>"}
        ),
    ),
    "traceback": _notebook(
        "error",
        lambda text: _output(output_type="error", ename="E", evalue=text, traceback=["E", text]),
    ),
    "metadata of a cell": _notebook(
        "metadata", lambda text: {"cell_type": "code", "source": [], "metadata": {"env": text}}
    ),
}


def _zip(text: str, name: str = "inner/.env", front: bytes = b"") -> bytes:
    buffer = io.BytesIO(front)
    buffer.seek(len(front))
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


def _tar(text: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("backup/.env")
        info.size = len(text.encode())
        archive.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


def _zip_of(data: bytes, name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


_ARCHIVES: Final = {
    "zip": _file("a.zip", _zip),
    "wheel": _file("a.whl", lambda text: _zip(text, "package/settings.py")),
    "xlsx": _file("a.xlsx", lambda text: _zip(f"<t>{text}</t>", "xl/sharedStrings.xml")),
    "`.pyz`": _file("a.pyz", lambda text: _zip(text, "__main__.py", b"#!/usr/bin/python3\n")),
    "self-extracting zip": _file("a.exe", lambda text: _zip(text, "x.ini", b"MZ" + bytes(900))),
    "gzip": _file("a.gz", lambda text: gzip.compress(text.encode())),
    "bzip2": _file("a.bz2", lambda text: bz2.compress(text.encode())),
    "xz": _file("a.xz", lambda text: lzma.compress(text.encode())),
    "zstd": _file("a.zst", lambda text: zstd.compress(text.encode())),
    "tar": _file("a.tar", _tar),
    "tar.gz": _file("a.tar.gz", lambda text: gzip.compress(_tar(text))),
    "tar.zst": _file("a.tar.zst", lambda text: zstd.compress(_tar(text))),
    "tar.gz in a zip": _file(
        "nested.zip", lambda text: _zip_of(gzip.compress(_tar(text)), "backup.tar.gz")
    ),
    "zip in a zip in xz": _file(
        "deep.xz", lambda text: lzma.compress(_zip_of(_zip_of(text.encode(), "a"), "b.zip"))
    ),
    "notebook in a zip": _file(
        "book.zip",
        lambda text: _zip_of(
            json.dumps({"cells": [{"source": [text]}], "nbformat": 4}).encode(), "a.ipynb"
        ),
    ),
}


def _sqlite(p: PlantedSet, text: str) -> None:
    connection = sqlite3.connect(p.folder / "app.db")
    with connection:
        connection.execute("CREATE TABLE settings (value TEXT)")
        connection.executemany("INSERT INTO settings VALUES (?)", [(r,) for r in text.splitlines()])
    connection.close()


_BINARIES: Final = {
    "SQLite": _sqlite,
    "`.pyc`": _file(
        "a.pyc", lambda text: bytes(16) + marshal.dumps(compile(f"E = {text!r}", "a.py", "exec"))
    ),
    "a program": _file(
        "a.so", lambda text: b"\x7fELF" + bytes(range(256)) * 9 + text.encode() + b"\0\xff" * 99
    ),
    "text of a picture (PNG)": _file(
        "a.png",
        lambda text: b"\x89PNG\r\n\x1a\n\0\0\0\x09tEXtComment\0" + text.encode() + b"\0" * 9,
    ),
}


def _removed(name: str, content: Callable[[str], str | bytes] = str) -> Plant:
    def plant(p: PlantedSet, text: str) -> None:
        p.write(name, content(text))
        p.commit()
        (p.folder / name).unlink()
        p.commit()

    return plant


def _on_branch(name: str, *, then: tuple[str, ...] = ()) -> Plant:
    def plant(p: PlantedSet, text: str) -> None:
        p.git("checkout", "-q", "-b", name)
        p.write(f"{name}.txt", text)
        p.commit()
        p.git("checkout", "-q", "main")
        if then:
            p.git(*then)

    return plant


def _merge(p: PlantedSet, text: str) -> None:
    p.write("both.txt", "base")
    p.commit()
    p.git("checkout", "-q", "-b", "side")
    p.write("both.txt", "side")
    p.commit()
    p.git("checkout", "-q", "main")
    p.write("both.txt", "main")
    p.commit()
    p.git("merge", "-q", "--no-commit", "-s", "ours", "side")
    p.write("both.txt", text)
    p.commit("merge")
    p.write("both.txt", "clean")
    p.commit()


def _amended(p: PlantedSet, text: str) -> None:
    p.write("amended.txt", text)
    p.commit("oops")
    p.write("amended.txt", "clean")
    p.git("add", "-A")
    p.git("commit", "-q", "--amend", "-m", "fine")


def _reset(p: PlantedSet, text: str) -> None:
    p.write("reset.txt", text)
    p.commit("oops")
    p.git("reset", "-q", "--hard", "HEAD~1")


def _stash(p: PlantedSet, text: str) -> None:
    p.write("both.txt", text)
    p.git("stash", "-q")


def _untracked_stash(p: PlantedSet, text: str) -> None:
    p.write("scratch/stashed.txt", text)
    p.git("stash", "-q", "--include-untracked")


def _dropped(p: PlantedSet, text: str) -> None:
    p.write("dropped.txt", text)
    p.git("add", "-A")
    p.git("stash", "-q")
    p.git("stash", "drop", "-q")
    p.git("reflog", "expire", "--expire=now", "--all")


def _dangling(p: PlantedSet, text: str) -> None:
    p.write("stray.txt", text)
    p.git("hash-object", "-w", "stray.txt")
    (p.folder / "stray.txt").unlink()


def _in_pack(p: PlantedSet, text: str) -> None:
    _removed("packed.txt")(p, text)
    p.git("repack", "-q", "-a", "-d")


_HISTORY: Final = {
    "added and removed again": _removed("gone.txt"),
    "an archive, removed": _removed("gone.zip", _zip),
    "a pack": _in_pack,
    "unmerged branch": _on_branch("unmerged"),
    "a merge's own resolution": _merge,
    "deleted branch": _on_branch("doomed", then=("branch", "-q", "-D", "doomed")),
    "amended commit": _amended,
    "commit reset away": _reset,
    "commit message": lambda p, text: p.commit(f"Work\n\n{text}"),
    "annotated tag": lambda p, text: void(p.git("tag", "-a", "v1", "-m", f"v1\n\n{text}")),
    "git note": lambda p, text: void(p.git("notes", "add", "-m", text, "HEAD~1")),
    "dropped stash": _dropped,
    "dangling blob": _dangling,
    "stash": _stash,
    "stash of untracked files": _untracked_stash,
    "reflog": lambda p, text: void(
        p.git(
            "update-ref", "--create-reflog", "-m", text.replace("\n", " "), "refs/heads/r", "HEAD"
        )
    ),
}


def void(_: object) -> None:
    """Discard what git prints."""


def _staged(p: PlantedSet, text: str) -> None:
    p.write("staged.txt", text)
    p.git("add", "staged.txt")
    p.write("staged.txt", "clean")


def _lfs(p: PlantedSet, text: str) -> None:
    oid = secrets.token_hex(32)
    p.write("big.bin", f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 1\n")
    p.write(f".git/lfs/objects/{oid[:2]}/{oid[2:4]}/{oid}", text)


_LOCAL: Final = {
    "index: staged, then cleaned": _staged,
    "untracked file": _file("scratch.txt"),
    "ignored file": _file(".env.local"),
    "ignored folder": _file("build/old.txt"),
    "git's configuration": lambda p, text: p.write(
        ".git/config", (p.folder / ".git/config").read_text() + f'[x]\n\ty = "{text!r}"\n'
    ),
    "git hook": _file(".git/hooks/post-commit"),
    "draft of a commit message": _file(".git/COMMIT_EDITMSG"),
    "content of Git LFS": _lfs,
}


def _repository(folder: Path, name: str, text: str) -> None:
    """Make a repository with the text in a commit and removed again."""
    folder.mkdir(parents=True)
    run_git(folder, "init", "-q", "-b", "main")
    for content in (text, "clean"):
        (folder / name).write_text(content)
        run_git(folder, "add", "-A")
        run_git(folder, "commit", "-q", "-m", "work")


def _submodule(folder: str, *, checked_out: bool = True) -> Plant:
    def plant(p: PlantedSet, text: str) -> None:
        source = p.folder.with_name(f"source-{folder}")
        _repository(source, "sub.txt", text)
        allow = ("-c", "protocol.file.allow=always")
        p.git(*allow, "submodule", "add", "-q", str(source), folder)
        if not checked_out:
            p.git("submodule", "deinit", "-q", "-f", folder)

    return plant


def _worktree(p: PlantedSet, text: str) -> None:
    linked = p.folder.with_name("linked")
    p.git("worktree", "add", "-q", "-b", "linked", str(linked))
    (linked / "linked.txt").write_text(text)


def _worktrees_index(p: PlantedSet, text: str) -> None:
    linked = p.folder.with_name("linked2")
    p.git("worktree", "add", "-q", "-b", "linked2", str(linked))
    (linked / "linked.txt").write_text(text)
    run_git(linked, "add", "-A")
    (linked / "linked.txt").unlink()


_OTHERS: Final = {
    "submodule": _submodule("sub"),
    "submodule, not checked out": _submodule("absent", checked_out=False),
    "nested clone": lambda p, text: _repository(p.folder / "nested", "n.txt", text),
    "linked worktree": _worktree,
    "index of a linked worktree": _worktrees_index,
}

PLACES: Final = tuple(
    Place(group, label, plant)
    for group, places in {
        "A file at HEAD": _FILES,
        "Encoded": _ENCODED,
        "Notebook": _NOTEBOOKS,
        "Archive": _ARCHIVES,
        "Binary": _BINARIES,
        "History": _HISTORY,
        "Not committed": _LOCAL,
        "Other repositories": _OTHERS,
    }.items()
    for label, plant in places.items()
)
_COMMITTED: Final = ("A file at HEAD", "Encoded", "Notebook", "Archive", "Binary")

DECOYS: Final[dict[str, Callable[[], str]]] = {
    "client id": lambda: f"INTERCOM_CLIENT_ID={uuid.uuid4()}",
    "placeholder": lambda: "INTERCOM_ACCESS_TOKEN=your_token_here",
    "60 times x": lambda: f"INTERCOM_ACCESS_TOKEN={'x' * 60}",
    "base64 of no token": lambda: "T=" + _base64("tok:not_a_real_token").decode(),
    "user hash": lambda: f"user_hash: {secrets.token_hex(32)}",
    "request id": lambda: f"X-Request-Id: {uuid.uuid4()}",
    "signature of a webhook": lambda: f"X-Hub-Signature: sha1={secrets.token_hex(20)}",
    "integrity of a package": lambda: json.dumps(
        {"intercom-client": {"integrity": f"sha512-{_base64(secrets.token_bytes(64)).decode()}"}}
    ),
    "hash in a lock file": lambda: f"intercom-client@4.0.0 resolved sha1 {secrets.token_hex(20)}",
    "variable of an MCP client": lambda: json.dumps(
        {"url": "https://mcp.intercom.com/mcp", "headers": {"Authorization": "Bearer ${TOKEN}"}}
    ),
    "bearer for another MCP server": lambda: json.dumps(
        {"url": "https://mcp.example.com", "headers": {"X": f"Bearer {secrets.token_hex(20)}"}}
    ),
    "placeholder of Fin Agent": lambda: (
        "FIN_AGENT_API_KEY=your_fin_agent_api_key_goes_here_xxxxxxx"
    ),
    "key of AWS's documentation": lambda: (
        "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    ),
    "zeros": lambda: "INTERCOM_CLIENT_SECRET=00000000-0000-0000-0000-000000000000",
    "etag of a record": lambda: json.dumps(
        {"type": "identity_verification_secret", "etag": secrets.token_urlsafe(32)}
    ),
    "wrapped base64 of random bytes": lambda: base64.encodebytes(secrets.token_bytes(900)).decode(),
    "base64 of compressed placeholders": lambda: _base64(
        gzip.compress(b"INTERCOM_ACCESS_TOKEN=your_token_here\n" * 9)
    ).decode(),
    "list of commit ids": lambda: "\n".join(secrets.token_hex(20) for _ in range(30)),
    "placeholders in a notebook": lambda: json.dumps(
        {"cells": [{"source": ["INTERCOM_ACCESS_TOKEN = '<your token>'"]}], "nbformat": 4}
    ),
    "certificate": lambda: (
        "-----BEGIN CERTIFICATE-----\n"
        + base64.encodebytes(secrets.token_bytes(700)).decode()
        + "-----END CERTIFICATE-----"
    ),
}


def planted_set(folder: Path) -> PlantedSet:
    """Build the repository: about three seconds."""
    folder.mkdir()
    run_git(folder, "init", "-q", "-b", "main")
    planted = PlantedSet(folder)
    planted.write(".gitignore", ".env.local\nbuild/\nnested/\n")
    for number, decoy in enumerate(DECOYS.values()):
        planted.write(f"decoys/{number}.txt", decoy())
    planted.commit("start")
    for group, places in groupby(PLACES, lambda place: place.group):
        for place in places:
            place.plant(planted, planted.lines(place.label))
        if group in _COMMITTED:
            planted.commit(group)
    return planted
