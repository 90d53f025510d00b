"""Vault or OpenBao, key/value engine version 2: one document, changed by check-and-set.

The document holds the variable, and beside it `<variable>.pending` and `<variable>.previous` while
a rotation needs them; all other fields stay. A promotion is one write on condition of the version
that was read, so Vault refuses the slower of two writers. Address and token come from VAULT_ADDR
and VAULT_TOKEN.
"""

from __future__ import annotations

from collections.abc import Callable
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

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["VaultStore", "connect"]

Document = dict[str, Any]


class VaultStore:
    """One field of one document."""

    capabilities = Capabilities(compare_and_swap=True, versions=True)

    def __init__(
        self, mount: str, path: str, variable: str, kind: str, *, client: Any = None
    ) -> None:
        self._mount = mount
        self._path = path
        self._variable = variable
        self._kind = kind
        self._client = client or connect()

    @property
    def label(self) -> str:
        """Mount, path and field."""
        return f"Vault {self._mount}/{self._path}: {self._variable}"

    def doctor(self) -> None:
        """Check that the document can be read and written and holds the field."""
        document, version = self._document()
        if not document.get(self._variable):
            raise StoreSetupError(
                f"{self.label} holds nothing.", "Store the key with `vault kv put`."
            )
        self._write(document, version)

    def read(self, stage: Stage) -> SecretStr | None:
        """The field of a stage."""
        from pydantic import SecretStr

        value = self._document()[0].get(self._field(stage))
        return SecretStr(value) if isinstance(value, str) and value else None

    def stage(self, value: SecretStr, run_id: str) -> None:
        """Add the pending field and the rotation's id."""
        owner = f"{self._variable}.rotation"

        def change(document: Document) -> Document:
            if self._field(Stage.PENDING) in document and document.get(owner) != run_id:
                raise ConflictError(
                    f"{self.label} holds a pending secret of another rotation.",
                    "Finish or abort that one first.",
                )
            pending = {self._field(Stage.PENDING): value.get_secret_value(), owner: run_id}
            return {**document, **pending}

        self._change(change)

    def promote(self, expect_current: str, expect_pending: str) -> None:
        """Change previous, current and pending in one write."""

        def change(document: Document) -> Document:
            current, pending = (self._of(document, s) for s in (Stage.CURRENT, Stage.PENDING))
            if matches(self._kind, current, expect_pending):
                return document  # done before a crash
            old = expect(self._kind, current, expect_current, self.label)
            new = expect(self._kind, pending, expect_pending, self.label)
            return self._without(document, Stage.PENDING) | {
                self._variable: new.get_secret_value(),
                self._field(Stage.PREVIOUS): old.get_secret_value(),
            }

        self._change(change)

    def rollback(self, expect_current: str, expect_previous: str) -> None:
        """Make the previous value current and remove both others."""

        def change(document: Document) -> Document:
            current, previous = (self._of(document, s) for s in (Stage.CURRENT, Stage.PREVIOUS))
            kept = self._without(document, Stage.PENDING, Stage.PREVIOUS)
            if matches(self._kind, current, expect_previous):
                return kept
            expect(self._kind, current, expect_current, self.label)
            old = expect(self._kind, previous, expect_previous, self.label)
            return kept | {self._variable: old.get_secret_value()}

        self._change(change)

    def discard(self, stage: Stage) -> None:
        """Remove the field. Older versions of the document stay until Vault prunes them."""
        if stage is Stage.CURRENT:
            raise ValueError("The current value is never discarded.")
        self._change(lambda document: self._without(document, stage))

    def _field(self, stage: Stage) -> str:
        return self._variable if stage is Stage.CURRENT else f"{self._variable}.{stage}"

    def _of(self, document: Document, stage: Stage) -> SecretStr | None:
        from pydantic import SecretStr

        value = document.get(self._field(stage))
        return SecretStr(value) if value else None

    def _without(self, document: Document, *stages: Stage) -> Document:
        gone = {self._field(stage) for stage in stages}
        if Stage.PENDING in stages:
            gone.add(f"{self._variable}.rotation")
        return {name: value for name, value in document.items() if name not in gone}

    def _change(self, change: Callable[[Document], Document]) -> None:
        document, version = self._document()
        changed = change(document)
        if changed != document:
            self._write(changed, version)

    def _document(self) -> tuple[Document, int]:
        from hvac.exceptions import InvalidPath, VaultError
        from requests import RequestException

        try:
            found = self._client.secrets.kv.v2.read_secret_version(
                self._path, mount_point=self._mount, raise_on_deleted_version=True
            )
        except InvalidPath:
            raise StoreSetupError(
                f"{self.label} does not exist.", "Check mount and path."
            ) from None
        except (VaultError, RequestException) as error:
            raise _refused(self.label, error) from None
        return dict(found["data"]["data"]), int(found["data"]["metadata"]["version"])

    def _write(self, document: Document, version: int) -> None:
        from hvac.exceptions import InvalidRequest, VaultError
        from requests import RequestException

        try:
            self._client.secrets.kv.v2.create_or_update_secret(
                self._path, document, cas=version, mount_point=self._mount
            )
        except InvalidRequest:
            raise ConflictError(
                f"{self.label} was just changed by someone else.",
                "Find out who, then use --resume.",
            ) from None
        except (VaultError, RequestException) as error:
            raise _refused(self.label, error) from None


def connect() -> Any:
    """A client, with the credentials that the environment holds. Raises StoreSetupError."""
    try:
        import hvac
    except ImportError:
        raise StoreSetupError(
            "The Vault store needs the package hvac.",
            "Install it: pip install 'intercom-security-runbook[vault]'.",
        ) from None
    return hvac.Client()  # VAULT_ADDR, VAULT_TOKEN, VAULT_CACERT, VAULT_NAMESPACE


def _refused(label: str, error: Exception) -> StoreError:
    return StoreError(
        f"{label} refused ({type(error).__name__}).",
        "Check VAULT_ADDR and VAULT_TOKEN, and that its policy allows read and update.",
    )
