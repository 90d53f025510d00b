"""A repository with a secret in every place where people leave one, and decoys beside them.

Every secret is made at run time and is different, so that a test knows which place was missed.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import marshal
import secrets
import sqlite3
import tarfile
import uuid
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from helpers.core.model import fingerprint
from tests.conftest import make_access_token, run_git

__all__ = ["Planted", "planted_repository"]


@dataclass
class Planted:
    """The repository, and the secrets in it: place to fingerprint."""

    folder: Path
    expected: dict[str, str] = field(default_factory=dict)
    only_here: set[str] = field(default_factory=set)  # places that a clone does not carry
    values: list[str] = field(default_factory=list)

    def token(self, place: str, *, only_here: bool = False) -> str:
        """A new access token for a place."""
        return self.note(place, "access_token", make_access_token(), only_here=only_here)

    def note(self, place: str, kind: str, value: str, *, only_here: bool = False) -> str:
        """Remember a secret."""
        assert place not in self.expected
        self.expected[place] = fingerprint(kind, value)
        self.values.append(value)
        if only_here:
            self.only_here.add(place)
        return value

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def git(self, *arguments: str) -> str:
        """Run git in it."""
        return run_git(self.folder, *arguments)

    def commit(self, message: str = "work") -> None:
        """Commit everything."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)


def planted_repository(folder: Path) -> Planted:
    """Build it: about a second."""
    folder.mkdir()
    run_git(folder, "init", "-q", "-b", "main")
    planted = Planted(folder)
    planted.write(".gitignore", ".env.local\nbuild/\n")
    planted.commit("start")
    _texts(planted)
    _intercom_secrets(planted)
    _encodings(planted)
    _archives(planted)
    _binaries(planted)
    _decoys(planted)
    planted.commit("everything at head")
    _past(planted)
    _messages(planted)
    _unreachable(planted)
    _beside_git(planted)
    return planted


def _texts(p: Planted) -> None:
    p.write(".env", f"INTERCOM_ACCESS_TOKEN={p.token('.env at HEAD')}\n")
    p.write("src/config.js", f"const token = '{p.token('JS')}';\n")
    p.write("ci.yml", f"# Intercom\nenv:\n  REGION: us\n  TOKEN: {p.token('YAML')}\n")
    p.write("min.json", f'{{"a":1,"t":"{p.token("minified JSON")}","z":[]}}')
    p.write("app.log", f"GET /x?access_token%3D{p.token('percent-encoded').replace('=', '%3D')}\n")
    p.write("esc.json", f'{{"t":"{p.token("escaped JSON").replace("=", chr(92) + "u003d")}"}}')
    p.write("bundle.js", "var a=1;" * 150_000 + f'f("{p.token("1.2 MB on a line")}");')
    p.write("node_modules/x/index.js", f"module.exports = '{p.token('node_modules')}'\n")
    p.write("note\n\x1b[31m.txt", p.token("a path with a newline and an escape"))
    p.write("book.ipynb", _notebook(p))
    p.write("web.ipynb", json.dumps({"nbformat": 4, "cells": [{"source": _secret_line(p)}]}))


def _secret_line(p: Planted) -> list[str]:
    value = p.note("client secret in a notebook's string", "client_secret", str(uuid.uuid4()))
    return ["payload = '{", f'"client_secret": "{value}"', "}'"]


def _notebook(p: Planted) -> str:
    stdout = {"output_type": "stream", "text": [f"token {p.token('notebook stdout')}\n"]}
    header = f"{{'Authorization': 'Bearer {p.token('notebook JSON output')}'}}"
    result = {"output_type": "execute_result", "data": {"text/plain": [header]}}
    picture = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo" * 40}}
    code = {"cell_type": "code", "outputs": [stdout, result, picture]}
    code["source"] = [f"t = '{p.token('notebook source')}'\n"]
    return json.dumps({"cells": [code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def _intercom_secrets(p: Planted) -> None:
    value = p.note("Rails initializer", "client_secret", str(uuid.uuid4()))
    p.write("config/omniauth.rb", f"provider :intercom, '{uuid.uuid4()}', '{value}'\n")
    value = p.note("identity secret, 40", "identity_secret", secrets.token_urlsafe(30))
    p.write("config/intercom.rb", f"IntercomRails.config do |c|\n  c.api_secret = '{value}'\nend\n")
    value = p.note("identity secret, 43", "identity_secret", secrets.token_urlsafe(32))
    p.write("messenger.env", f"INTERCOM_IDENTITY_SECRET={value}\n")
    value = p.note("legacy API key", "legacy_api_key", secrets.token_hex(20))
    p.write("legacy.rb", f'Intercom.app_api_key = "{value}"\n')
    ios = p.note("iOS key", "mobile_sdk_key", f"ios_sdk-{secrets.token_hex(20)}")
    android = p.note("Android key", "mobile_sdk_key", f"android_sdk-{secrets.token_hex(20)}")
    p.write("capacitor.config.json", json.dumps({"iosApiKey": ios, "androidApiKey": android}))


def _encodings(p: Planted) -> None:
    p.write("utf16.txt", f"token\n{p.token('UTF-16 with a BOM')}\n".encode("utf-16"))
    once = base64.b64encode(p.token("base64 in a Kubernetes secret").encode()).decode()
    p.write("secret.yaml", f"kind: Secret\ndata:\n  token: {once}\n")
    twice = base64.b64encode(base64.b64encode(f"T={p.token('base64 twice')}".encode())).decode()
    p.write("ci-variables.txt", f"VARIABLES={twice}\n")


def _archives(p: Planted) -> None:
    p.write("a.zip", _zip({"inner/.env": p.token("zip").encode()}))
    p.write("a.gz", gzip.compress(p.token("gzip").encode()))
    p.write("a.bz2", bz2.compress(p.token("bzip2").encode()))
    p.write("a.xz", lzma.compress(p.token("xz").encode()))
    p.write("a.tar", _tar(p.token("tar").encode()))
    nested = gzip.compress(_tar(p.token("tar.gz inside zip").encode()))
    p.write("nested.zip", _zip({"backup.tar.gz": nested}))
    sheet = f"<t>{p.token('xlsx')}</t>".encode()
    p.write("sheet.xlsx", _zip({"xl/sharedStrings.xml": sheet}))


def _zip(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _tar(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("dump.sql")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _binaries(p: Planted) -> None:
    database = p.folder / "app.db"
    connection = sqlite3.connect(database)
    with connection:
        connection.execute("CREATE TABLE settings (name TEXT, value TEXT)")
        connection.execute("INSERT INTO settings VALUES ('t', ?)", (p.token("sqlite"),))
    connection.close()
    code = compile(f"TOKEN = '{p.token('.pyc')}'", "c.py", "exec")
    p.write("c.pyc", b"\0" * 16 + marshal.dumps(code))


def _decoys(p: Planted) -> None:
    placeholder = base64.b64encode(b"tok:not_a_real_token").decode()
    lines = [
        f"INTERCOM_CLIENT_ID={uuid.uuid4()}",
        "INTERCOM_ACCESS_TOKEN=your_token_here",
        f"INTERCOM_ACCESS_TOKEN={'x' * 60}",
        f"INTERCOM_ACCESS_TOKEN={placeholder}",
        f"user_hash: {secrets.token_hex(32)}",
        f"X-Request-Id: {uuid.uuid4()}",
        f"X-Hub-Signature: sha1={secrets.token_hex(20)}",
    ]
    p.write("decoys.md", "\n".join(lines))
    lock = {"intercom-client": {"integrity": f"sha1-{secrets.token_hex(20)}"}}
    lock["intercom-client"]["resolved"] = f"https://example.com/i.tgz#{secrets.token_hex(20)}"
    p.write("package-lock.json", json.dumps(lock, indent=1))


def _past(p: Planted) -> None:
    p.write("gone.txt", p.token("added and removed again"))
    p.write("gone.zip", _zip({"x": p.token("zip removed later").encode()}))
    p.commit()
    for name in ("gone.txt", "gone.zip"):
        (p.folder / name).unlink()
    p.commit()
    p.git("checkout", "-q", "-b", "unmerged")
    p.write("branch.txt", p.token("unmerged branch"))
    p.commit()
    p.git("checkout", "-q", "main")
    _evil_merge(p)


def _evil_merge(p: Planted) -> None:
    p.write("both.txt", "base")
    p.commit()
    p.git("checkout", "-q", "-b", "side")
    p.write("both.txt", "side")
    p.commit()
    p.git("checkout", "-q", "main")
    p.write("both.txt", "main")
    p.commit()
    p.git("merge", "-q", "--no-commit", "-s", "ours", "side")
    p.write("both.txt", p.token("a merge's own resolution"))
    p.commit("merge")
    p.write("both.txt", "clean")
    p.commit()


def _messages(p: Planted) -> None:
    p.git("commit", "-q", "--allow-empty", "-m", f"use {p.token('commit message')}")
    p.git("tag", "-a", "v1", "-m", f"released with {p.token('annotated tag')}")
    p.git("notes", "add", "-m", p.token("git note", only_here=True), "HEAD~2")


def _unreachable(p: Planted) -> None:
    p.git("checkout", "-q", "-b", "doomed")
    p.write("doomed.txt", p.token("deleted branch", only_here=True))
    p.commit()
    p.git("checkout", "-q", "main")
    p.git("branch", "-q", "-D", "doomed")
    p.write("amended.txt", p.token("amended commit", only_here=True))
    p.commit("oops")
    p.write("amended.txt", "clean")
    p.git("add", "-A")
    p.git("commit", "-q", "--amend", "-m", "fine")
    p.write("both.txt", p.token("stash", only_here=True))
    p.git("stash", "-q")
    p.write("stray.txt", p.token("dangling blob", only_here=True))
    p.git("hash-object", "-w", "stray.txt")
    (p.folder / "stray.txt").unlink()
    p.write("dropped.txt", p.token("dropped stash, reflog expired", only_here=True))
    p.git("add", "-A")
    p.git("stash", "-q")
    p.git("stash", "drop", "-q")
    p.git("reflog", "expire", "--expire=now", "--all")


def _beside_git(p: Planted) -> None:
    p.write("staged.txt", p.token("staged, then cleaned", only_here=True))
    p.git("add", "staged.txt")
    p.write("staged.txt", "clean")
    p.write(".env.local", f"T={p.token('ignored .env.local', only_here=True)}\n")
    p.write("scratch.txt", p.token("untracked file", only_here=True))
    header = f"AUTHORIZATION: bearer {p.token('.git/config header', only_here=True)}"
    p.git("config", "http.https://api.intercom.io/.extraheader", header)
    p.write(".git/hooks/post-commit", f"#!/bin/sh\n# {p.token('a hook', only_here=True)}\n")
    p.write("build/old.txt", p.token("ignored folder", only_here=True))
