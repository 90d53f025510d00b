"""The one place that everything printed passes: without secrets, and with nothing that acts.

`guard_output` wraps standard output and standard error. Secrets that this process has read are
redacted, in any form, and so is whatever is shaped like a token. Control characters, invisible
characters and escape sequences are spelled out, because text from a server or a repository could
otherwise rewrite the terminal. Only the colours of our own messages remain.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from helpers.core.redaction import KNOWN, Redactor, sanitize

__all__ = ["GuardedStream", "guard_output", "reveal", "unguarded"]

# Our own colours, the end of a progress line, ends of lines, tabs: nothing that moves the cursor up
_ALLOWED: Final = re.compile(r"(\x1b\[(?:0|1|3[0-7]|9[0-7])m|\x1b\[K|\r?\n|\t)")


class GuardedStream(io.TextIOBase):
    """A text stream that writes safe text to another; it has no `buffer` to go around it."""

    def __init__(self, stream: TextIO, redactor: Redactor = KNOWN) -> None:
        self.stream = stream
        self._redactor = redactor

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream."""
        return self.stream.encoding or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        """What the encoding lacks is spelled out."""
        return "backslashreplace"

    def write(self, text: str) -> int:
        """Write the text, safe and in the stream's encoding."""
        safe = self._safe(text)
        encoded = safe.encode(self.encoding, "backslashreplace")
        with _named():
            self.stream.write(encoded.decode(self.encoding))
        return len(text)

    def _safe(self, text: str) -> str:
        begins = "\r" if text.startswith("\r") and self.isatty() else ""
        parts = _ALLOWED.split(self._redactor.text(text[len(begins) :]))
        shown = (part if number % 2 else sanitize(part) for number, part in enumerate(parts))
        return begins + "".join(shown)

    def flush(self) -> None:
        """Flush the stream."""
        with _named():
            self.stream.flush()

    def isatty(self) -> bool:
        """Return whether a person reads it."""
        return self.stream.isatty()

    def fileno(self) -> int:
        """Return the descriptor, which children inherit."""
        return self.stream.fileno()

    def writable(self) -> bool:
        """Return True."""
        return True


@contextmanager
def _named() -> Iterator[None]:
    """Let an error say that it was the output that refused, and no other file."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, "the output") from None


def guard_output() -> None:
    """Wrap standard output and standard error, once."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, GuardedStream):
            setattr(sys, name, GuardedStream(stream))


def unguarded(stream: TextIO) -> TextIO:
    """Return the stream behind the guard: for a progress bar, which draws by moving the cursor."""
    return stream.stream if isinstance(stream, GuardedStream) else stream


def reveal(text: str) -> None:
    """Print text that a command exists to show, such as the sandbox's own credentials."""
    stream = unguarded(sys.stdout)
    stream.write(text)
    stream.flush()
