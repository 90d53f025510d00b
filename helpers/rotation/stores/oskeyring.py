"""The operating system's keyring: Secret Service, macOS Keychain, Windows Credential Locker.

Only backends that the system protects are accepted, including each one in a chain: `keyrings.alt`
would silently write base64 to the disk. A keyring has no compare-and-swap, so the runbook relies on
its own lock, and each promotion compares fingerprints first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from helpers.rotation.stores.base import (
    Capabilities,
    ConflictError,
    Stage,
    StoreError,
    StoreSetupError,
    expect,
    matches,
)
from helpers.system.system_keyring import unprotected

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["KeyringStore"]


class KeyringStore:
    """One secret of one service in the system's keyring."""

    capabilities = Capabilities(compare_and_swap=False, versions=False)

    def __init__(self, service: str, variable: str, kind: str) -> None:
        try:
            import keyring
            import keyring.errors
        except ImportError:
            raise StoreSetupError(
                "The keyring store needs the package keyring.",
                "Install it: pip install 'intercom-security-runbook[keyring]'.",
            ) from None
        self._keyring = keyring
        self._errors: Any = keyring.errors.KeyringError
        self._service = service
        self._variable = variable
        self._kind = kind

    @property
    def label(self) -> str:
        """The service and the variable."""
        return f"keyring {self._service}: {self._variable}"

    def doctor(self) -> None:
        """Check that the backend protects secrets, is unlocked, and holds the secret."""
        weak = unprotected(self._keyring.get_keyring())
        if weak:
            raise StoreSetupError(
                f"The keyring backend {weak} does not protect secrets.",
                "Start the desktop's keyring (gnome-keyring under D-Bus), or choose another store.",
            )
        if self.read(Stage.CURRENT) is None:
            raise StoreSetupError(f"{self.label} holds nothing.", "Set it with `keyring set`.")

    def read(self, stage: Stage) -> SecretStr | None:
        """The value, if the keyring has it, without the rotation's id of a pending one."""
        from pydantic import SecretStr

        value = self._raw(stage)
        return SecretStr(value.rpartition("\n")[2]) if value else None

    def stage(self, value: SecretStr, run_id: str) -> None:
        """Store the new secret after a line with the rotation's id."""
        pending = self._raw(Stage.PENDING)
        if pending and pending.partition("\n")[0] != run_id:
            raise ConflictError(
                f"{self.label} holds a pending secret of another rotation.",
                "Finish or abort that one first.",
            )
        self._set(Stage.PENDING, f"{run_id}\n{value.get_secret_value()}")

    def promote(self, expect_current: str, expect_pending: str) -> None:
        """Keep the old value, set the new one, delete the pending one: in this order."""
        current, pending = self.read(Stage.CURRENT), self.read(Stage.PENDING)
        if not matches(self._kind, current, expect_pending):
            old = expect(self._kind, current, expect_current, self.label)
            new = expect(self._kind, pending, expect_pending, self.label)
            self._set(Stage.PREVIOUS, old.get_secret_value())
            self._set(Stage.CURRENT, new.get_secret_value())
        self.discard(Stage.PENDING)

    def rollback(self, expect_current: str, expect_previous: str) -> None:
        """Set the old value again and delete both others."""
        current = self.read(Stage.CURRENT)
        if not matches(self._kind, current, expect_previous):
            expect(self._kind, current, expect_current, self.label)
            old = expect(self._kind, self.read(Stage.PREVIOUS), expect_previous, self.label)
            self._set(Stage.CURRENT, old.get_secret_value())
        self.discard(Stage.PREVIOUS)
        self.discard(Stage.PENDING)

    def discard(self, stage: Stage) -> None:
        """Delete the value of that stage."""
        if stage is Stage.CURRENT:
            raise ValueError("The current value is never discarded.")
        if self._raw(stage) is not None:
            try:
                self._keyring.delete_password(self._service, self._name(stage))
            except self._errors as error:
                raise _refused(error) from None

    def _name(self, stage: Stage) -> str:
        return self._variable if stage is Stage.CURRENT else f"{self._variable}.{stage}"

    def _raw(self, stage: Stage) -> str | None:
        try:
            found: str | None = self._keyring.get_password(self._service, self._name(stage))
        except self._errors as error:
            raise _refused(error) from None
        return found

    def _set(self, stage: Stage, value: str) -> None:
        try:
            self._keyring.set_password(self._service, self._name(stage), value)
        except self._errors as error:
            raise _refused(error) from None


def _refused(error: Exception) -> StoreError:
    return StoreError(
        f"The keyring refused ({type(error).__name__}).", "Unlock it, then continue with --resume."
    )
