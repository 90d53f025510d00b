"""Sources that somebody else wrote end no run: pipes, devices, links out, deep and long code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.scopes.usage.scan import find_in, scan

USE = "import requests\nrequests.get('https://api.intercom.io/contacts')\n"
SCAN = """
import resource, sys
from pathlib import Path
from helpers.scopes.usage.scan import scan
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
print(len(scan(Path(sys.argv[1]))))
"""


def test_a_pipe_a_device_and_a_link_outside_are_not_read(tmp_path: Path) -> None:
    """In a process with little memory and time, as each of the three would take all of one."""
    repo, private = tmp_path / "repo", tmp_path / "private.py"
    repo.mkdir()
    private.write_text(USE)
    (repo / "own.py").write_text(USE)
    (repo / "linked.py").symlink_to(private)
    (repo / "endless.py").symlink_to("/dev/zero")
    os.mkfifo(repo / "pipe.py")
    command = [sys.executable, "-c", SCAN, str(repo)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == str(len(scan_of_one(tmp_path)))


def scan_of_one(tmp_path: Path) -> tuple[object, ...]:
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "own.py").write_text(USE)
    return scan(alone)


LONG = {
    "minus": "-" * 200_000 + "1",
    "sum": "url = 1" + " + 1" * 5_000,
    "texts": "url = 'a'" + " + 'b'" * 5_000,
    "brackets": "x = " + "[" * 150 + "]" * 150,
    "calls": "f" + "()" * 5_000,
    "chain": "a" + ".b()" * 5_000,
    "names": "a" + ".b" * 50_000,
}


@pytest.mark.parametrize("suffix", ["py", "js", "ts", "rb"])
@pytest.mark.parametrize("form", LONG)
def test_deep_and_long_code_hides_no_use_in_another_line(form: str, suffix: str) -> None:
    call = {
        "py": "requests.get('https://api.intercom.io/contacts')",
        "rb": "get('https://api.intercom.io/contacts')",
    }.get(suffix, "axios.get('https://api.intercom.io/contacts')")
    assert find_in(f"{call}\n{LONG[form]}\n", f"a.{suffix}")
