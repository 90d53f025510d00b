"""The default store: a variable in an env file.

The pending and the previous value lie beside the file, each in a private file of its own
(`.env.INTERCOM_ACCESS_TOKEN.pending.local`, `….previous.local`; git ignores `.env.*.local`), which
is an env file too: a person can put it in place by hand if the runbook can't run.

A change touches the bytes of the one value only. python-dotenv's own parser says where each binding
begins and ends, so text inside another variable's multiline value is left alone. The result is
parsed again: every other binding must be unchanged.
"""

from __future__ import annotations

import codecs
import io
import re
from pathlib import Path
from typing import Final

from dotenv.parser import Binding, parse_stream
from pydantic import SecretStr

from helpers.rotation.stores import durable
from helpers.rotation.stores.base import (
    SAFE_VALUE,
    Capabilities,
    ConflictError,
    Stage,
    StoreError,
    StoreSetupError,
    expect,
    matches,
)

__all__ = ["EnvFileError", "EnvFileStore", "splice", "value_of"]


class EnvFileStore:
    """One variable of one env file. A symbolic link is followed once, when the store is opened."""

    capabilities = Capabilities(compare_and_swap=True, versions=False)

    def __init__(self, path: Path, variable: str, kind: str) -> None:
        self._path = path.resolve()
        self._shown = path.name
        self._variable = variable
        self._kind = kind

    @property
    def label(self) -> str:
        """The file's name and the variable."""
        return f"{self._shown}: {self._variable}"

    def doctor(self) -> None:
        """Check that the file can be replaced, sets the variable once, and has ignored copies."""
        durable.check_replaceable(self._path)
        current = self.read(Stage.CURRENT)
        if current is None:
            raise StoreSetupError(
                f"{self._path.name} has no value for {self._variable}.",
                "Name the file that holds it with --env-file.",
            )
        splice(self._content(), self._variable, "probe")
        self._refuse_tracked()

    def read(self, stage: Stage) -> SecretStr | None:
        """The value, as python-dotenv reads it."""
        content = self._content() if stage is Stage.CURRENT else durable.read(self._beside(stage))
        value = value_of(content, self._variable) if content is not None else None
        return SecretStr(value) if value else None

    def stage(self, value: SecretStr, run_id: str) -> None:
        """Write the pending file."""
        pending = durable.read(self._beside(Stage.PENDING))
        if pending is not None and f"rotation {run_id}" not in pending.decode("utf-8", "replace"):
            raise ConflictError(
                f"{self._beside(Stage.PENDING).name} belongs to another rotation.",
                "Finish or abort that one first.",
            )
        splice(
            self._content(), self._variable, value.get_secret_value()
        )  # raises where it can't be written
        self._keep(Stage.PENDING, value, run_id)

    def promote(self, expect_current: str, expect_pending: str) -> None:
        """Keep the old value, write the new one, delete the pending file: in this order."""
        current, pending = self.read(Stage.CURRENT), self.read(Stage.PENDING)
        if not matches(self._kind, current, expect_pending):
            old = expect(self._kind, current, expect_current, self.label)
            new = expect(self._kind, pending, expect_pending, self.label)
            self._keep(Stage.PREVIOUS, old, "kept")
            self._write(expect_current, new)
        self.discard(Stage.PENDING)

    def rollback(self, expect_current: str, expect_previous: str) -> None:
        """Write the old value back and delete both files."""
        current = self.read(Stage.CURRENT)
        if not matches(self._kind, current, expect_previous):
            expect(self._kind, current, expect_current, self.label)
            old = expect(self._kind, self.read(Stage.PREVIOUS), expect_previous, self.label)
            self._write(expect_current, old)
        self.discard(Stage.PREVIOUS)
        self.discard(Stage.PENDING)

    def discard(self, stage: Stage) -> None:
        """Delete the file of that stage."""
        if stage is Stage.CURRENT:
            raise ValueError("The current value is never discarded.")
        durable.delete(self._beside(stage))

    def _beside(self, stage: Stage) -> Path:
        return self._path.with_name(f"{self._path.name}.{self._variable}.{stage}.local")

    def _content(self) -> bytes:
        content = durable.read(self._path)
        if content is None:
            raise StoreSetupError(f"There is no {self._path.name}.", "Name it with --env-file.")
        return content

    def _keep(self, stage: Stage, value: SecretStr, run_id: str) -> None:
        text = f"# rotation {run_id}\n{self._variable}={value.get_secret_value()}\n"
        durable.create(self._beside(stage), text.encode())

    def _write(self, expect_current: str, value: SecretStr) -> None:
        def change(content: bytes) -> bytes:
            found = value_of(content, self._variable)
            expect(self._kind, SecretStr(found) if found else None, expect_current, self.label)
            return splice(content, self._variable, value.get_secret_value())

        durable.replace(self._path, change)

    def _refuse_tracked(self) -> None:
        """Refuse a folder where git would track the files beside the env file."""
        from helpers.system.git import git_ok, top_level

        pending, folder = self._beside(Stage.PENDING), self._path.parent
        if top_level(folder) and not git_ok(folder, "check-ignore", "-q", pending.name):
            raise StoreSetupError(
                f"git would track {pending.name}, which holds a secret during a rotation.",
                "Add the line `.env.*.local` (or that name) to .gitignore.",
            )


# python-dotenv's grammar up to the value, and the value itself.
_HEAD: Final = re.compile(r"\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=#\s]+)[^\S\r\n]*=[^\S\r\n]*")
_QUOTED: Final = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_BARE: Final = re.compile(r"[^\r\n]*")


class EnvFileError(StoreError):
    """The env file can't be changed safely as it is written."""


def value_of(content: bytes, variable: str) -> str | None:
    """The value of a variable as python-dotenv reads it, without interpolation.

    Raises EnvFileError where the file is not UTF-8, a line is not NAME=value, or the variable is
    set more than once.
    """
    found = _single(_bindings(_text(content)), variable)
    return found.value if found else None


def splice(content: bytes, variable: str, value: str) -> bytes:
    """The content with another value for `variable`. Raises EnvFileError."""
    if not SAFE_VALUE.fullmatch(value):
        raise EnvFileError(
            "The new value contains characters that are special in an env file.",
            "Paste the whole value, without quotes or spaces around it.",
        )
    text = _text(content)
    before = _bindings(text)
    target = _single(before, variable)
    if target is None or target.value is None:
        raise EnvFileError(f"{variable} has no value here.", f"Add a line {variable}=… first.")
    lead = "".join(b.original.string for b in before[: before.index(target)])
    start, end = _span(target.original.string)
    changed = text[: len(lead) + start] + value + text[len(lead) + end :]
    _compare(before, _bindings(changed), target, value)
    return _bom(content) + changed.encode("utf-8")


def _bom(content: bytes) -> bytes:
    return codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""


def _text(content: bytes) -> str:
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        raise EnvFileError("The env file is not UTF-8.", "Save it as UTF-8.") from None


def _bindings(text: str) -> list[Binding]:
    bindings = list(parse_stream(io.StringIO(text, newline="")))
    broken = next((b for b in bindings if b.error), None)
    if broken:
        raise EnvFileError(
            f"Line {broken.original.line} of the env file is not NAME=value.", "Fix that line."
        )
    if "".join(b.original.string for b in bindings) != text:
        raise EnvFileError("The env file starts with two byte order marks.", "Remove them.")
    return bindings


def _single(bindings: list[Binding], variable: str) -> Binding | None:
    found = [binding for binding in bindings if binding.key == variable]
    if len(found) > 1:
        lines = ", ".join(str(binding.original.line) for binding in found)
        raise EnvFileError(
            f"{variable} is set more than once (lines {lines}); readers disagree on which counts.",
            "Keep one of the lines.",
        )
    return found[0] if found else None


def _span(binding: str) -> tuple[int, int]:
    """Where the value stands in a binding's own text, quotes left out."""
    head = _HEAD.match(binding)
    if head is None:
        raise EnvFileError("The variable's line has an unusual form.", "Write it as NAME=value.")
    start = head.end()
    if quoted := _QUOTED.match(binding, start):
        return start + 1, quoted.end() - 1
    bare = _BARE.match(binding, start)
    part = bare[0] if bare else ""
    if part.startswith("#") and binding[start - 1] != "=":
        return start, start  # `NAME= # comment`: empty, with a comment
    return start, start + len(re.sub(r"\s+#.*", "", part).rstrip())


def _compare(before: list[Binding], after: list[Binding], target: Binding, value: str) -> None:
    """Only the one value may have changed."""
    wanted = [(b.key, value if b is target else b.value) for b in before]
    if wanted != [(b.key, b.value) for b in after]:
        raise EnvFileError(
            "The new value can't be written without changing other lines.",
            "Write the variable as NAME=value on a line of its own.",
        )
