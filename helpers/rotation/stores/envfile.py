"""The default store: a variable in an env file.

The new and the old value wait beside the file, each in a private file of its own
(`.env.INTERCOM_ACCESS_TOKEN.pending.local`, `….previous.local`; git ignores `.env.*.local`), which
is an env file too: a person can put it in place by hand, whatever happens to the runbook.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from helpers.rotation.stores import durable
from helpers.rotation.stores.base import (
    Capabilities,
    ConflictError,
    Stage,
    StoreSetupError,
)
from helpers.rotation.stores.fingerprints import expect, matches
from helpers.rotation.stores.splice import splice, value_of

__all__ = ["EnvFileStore"]


class EnvFileStore:
    """One variable of one env file; a symbolic link is followed once, here."""

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
        """The file can be replaced, holds the variable once, and git won't see what waits."""
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
        waiting = durable.read(self._beside(Stage.PENDING))
        if waiting is not None and f"rotation {run_id}" not in waiting.decode("utf-8", "replace"):
            raise ConflictError(
                f"{self._beside(Stage.PENDING).name} belongs to another rotation.",
                "Finish or abort that one first.",
            )
        splice(self._content(), self._variable, value.get_secret_value())  # would it fit?
        self._keep(Stage.PENDING, value, run_id)

    def promote(self, expect_current: str, expect_pending: str) -> None:
        """Keep the old one, splice the new one in, forget the pending file: in this order."""
        current, pending = self.read(Stage.CURRENT), self.read(Stage.PENDING)
        if not matches(self._kind, current, expect_pending):
            old = expect(self._kind, current, expect_current, self.label)
            new = expect(self._kind, pending, expect_pending, self.label)
            self._keep(Stage.PREVIOUS, old, "kept")
            self._write(expect_current, new)
        self.discard(Stage.PENDING)

    def rollback(self, expect_current: str, expect_previous: str) -> None:
        """Splice the old one in again and forget both."""
        current = self.read(Stage.CURRENT)
        if not matches(self._kind, current, expect_previous):
            expect(self._kind, current, expect_current, self.label)
            old = expect(self._kind, self.read(Stage.PREVIOUS), expect_previous, self.label)
            self._write(expect_current, old)
        self.discard(Stage.PREVIOUS)
        self.discard(Stage.PENDING)

    def discard(self, stage: Stage) -> None:
        """Delete what waits beside the file."""
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
        """What waits beside the file must not become a commit."""
        from helpers.system.git import git_ok, top_level

        waiting, folder = self._beside(Stage.PENDING), self._path.parent
        if top_level(folder) and not git_ok(folder, "check-ignore", "-q", waiting.name):
            raise StoreSetupError(
                f"git would see {waiting.name}, which will hold a secret for a while.",
                "Add the line `.env.*.local` (or that name) to .gitignore.",
            )
