"""A repository of any size to search, always the same for one set of installed packages.

Its files are those of the installed packages, so that they read like code. Each has versions that
differ by a few lines, as in a real history. Some of the versions contain secrets.
"""

from __future__ import annotations

import base64
import random
import subprocess
import sysconfig
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

VERSIONS = 20  # of each file
COMMIT = 25  # files that a commit changes
SMALLEST, LARGEST = 20_000, 120_000  # bytes of a file; 40 KB on average
SUFFIXES = frozenset({".css", ".html", ".js", ".json", ".md", ".py", ".ts", ".txt", ".yml"})


def make(folder: Path, blobs: int, secrets: int = 20) -> list[str]:
    """Create a checked-out repository of so many blobs, and return the secrets in it."""
    draw = random.Random(7)
    tokens = [_token(draw) for _ in range(secrets)]
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    arguments = ["git", "-c", "core.compression=1", "fast-import", "--quiet", "--depth=50"]
    with subprocess.Popen(arguments, cwd=folder, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        _history(process.stdin, max(1, blobs // VERSIONS), tokens, draw)
    if process.returncode:
        raise RuntimeError("git fast-import failed.")
    subprocess.run(["git", "reset", "-q", "--hard"], cwd=folder, check=True)
    return tokens


def _history(feed: IO[bytes], files: int, tokens: list[str], draw: random.Random) -> None:
    """Write all versions of a file one after another, as packs keep them; then the commits."""
    texts = list(_texts())
    planted = dict(zip(draw.sample(range(files * VERSIONS), len(tokens)), tokens, strict=True))
    for file in range(files):
        lines = texts[file % len(texts)].splitlines()
        for version in range(VERSIONS):
            mark = file * VERSIONS + version
            _change(lines, draw)
            secret = f"TOKEN = {planted[mark]!r}" if mark in planted else ""
            content = "\n".join([*lines, secret]).encode()
            feed.write(b"blob\nmark :%d\ndata %d\n%s\n" % (mark + 1, len(content), content))
    _commits(feed, files)
    feed.close()


def _commits(feed: IO[bytes], files: int) -> None:
    for version in range(VERSIONS):
        for start in range(0, files, COMMIT):
            when = 1_700_000_000 + (version * files + start) * 60
            feed.write(b"commit refs/heads/main\ncommitter Ada <ada@example.com> %d +0000\n" % when)
            feed.write(b"data 4\nwork\n")
            for file in range(start, min(start + COMMIT, files)):
                mark = file * VERSIONS + version + 1
                feed.write(b"M 100644 :%d part%d/file%d.py\n" % (mark, file % 50, file))


def _change(lines: list[str], draw: random.Random) -> None:
    for _ in range(3):
        lines[draw.randrange(len(lines))] = f"value_{draw.getrandbits(32)} = {draw.random()}"
    lines.insert(draw.randrange(len(lines)), f"# {draw.getrandbits(64):x}")


def _texts() -> Iterator[str]:
    for path in _paths(Path(sysconfig.get_path("purelib"))):
        yield path.read_text("utf-8", "replace")


def _paths(root: Path) -> Sequence[Path]:
    paths = sorted(p for p in root.rglob("*") if p.suffix in SUFFIXES and p.is_file())
    return [p for p in paths if SMALLEST <= p.stat().st_size <= LARGEST]


def _token(draw: random.Random) -> str:
    inner = str(uuid.UUID(int=draw.getrandbits(128), version=4)).replace("-", "_")
    return base64.b64encode(f"tok:{inner}:1:0".encode()).decode()
