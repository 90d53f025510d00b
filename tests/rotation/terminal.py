"""A terminal of one's own: what a person sees and types, at a real process."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

# A session leader that opens a terminal gets it as its own: /dev/tty is there, for hidden prompts.
_AT_TERMINAL = 'exec "$@" <"$0" >"$0" 2>&1'
_PATIENCE = 60  # seconds


@dataclass
class Terminal:
    """A process at a pseudo-terminal."""

    process: subprocess.Popen[bytes]
    descriptor: int
    seen: str = ""
    read_to: int = 0

    def sees(self, text: str) -> None:
        """Wait until this appears, after what was awaited before."""
        until = time.monotonic() + _PATIENCE
        while text not in self.seen[self.read_to :]:
            assert time.monotonic() < until, f"{text!r} does not come:\n{self.seen}"
            assert self._read() or text in self.seen, f"ended without {text!r}:\n{self.seen}"
        self.read_to = self.seen.index(text, self.read_to) + len(text)

    def types(self, text: str) -> None:
        """Type a line."""
        os.write(self.descriptor, f"{text}\n".encode())

    def answers(self, question: str, answer: str) -> None:
        """Wait for a question and type the answer."""
        self.sees(question)
        self.types(answer)

    def ends(self) -> int:
        """Read to the end; the exit status."""
        while self._read():
            pass
        return self.process.wait(_PATIENCE)

    def _read(self) -> bool:
        """Read what is there, for a moment; False at the end."""
        if not select.select([self.descriptor], [], [], 0.2)[0]:
            return self.process.poll() is None
        with suppress(OSError):  # Linux says so when nobody holds the other side any more
            came = os.read(self.descriptor, 65536)
            self.seen += came.decode("utf-8", "replace")
            return bool(came)
        return False


@contextmanager
def at_terminal(*arguments: str, cwd: Path, env: Mapping[str, str]) -> Iterator[Terminal]:
    """Run `runbook …` at a terminal; killed at the end if it still runs."""
    ours, theirs = os.openpty()
    runbook = (sys.executable, "-m", "helpers.cli", *arguments)
    command = ("sh", "-c", _AT_TERMINAL, os.ttyname(theirs), *runbook)
    with subprocess.Popen(command, cwd=cwd, env=env, start_new_session=True) as process:
        try:
            yield Terminal(process, ours)
        finally:
            process.kill()
            os.close(theirs)
            os.close(ours)
