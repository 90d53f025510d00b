"""AWS Secrets Manager: the stages are its version labels AWSCURRENT, AWSPENDING, AWSPREVIOUS.

Moving AWSCURRENT names the version it is taken from, which is a compare-and-swap; the same call
moves AWSPREVIOUS. Two traps: every read names its label (a read without one may return the old
value after a move), and AWSPENDING is removed from the version that became current (left there, it
blocks the next rotation). The secret is a plain string.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

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
    from collections.abc import Mapping

    from pydantic import SecretStr

__all__ = ["AwsStore", "connect"]

_LABEL: Final = {
    Stage.CURRENT: "AWSCURRENT",
    Stage.PENDING: "AWSPENDING",
    Stage.PREVIOUS: "AWSPREVIOUS",
}


class AwsStore:
    """One secret of AWS Secrets Manager. boto3 finds the region and the credentials."""

    capabilities = Capabilities(compare_and_swap=True, versions=True)

    def __init__(self, secret_id: str, kind: str, *, client: Any = None) -> None:
        self._id = secret_id
        self._kind = kind
        self._client = client or connect()

    @property
    def label(self) -> str:
        """The secret's id."""
        return f"AWS Secrets Manager: {self._id}"

    def doctor(self) -> None:
        """Check that the secret exists and is a string."""
        if self.read(Stage.CURRENT) is None:
            raise StoreSetupError(
                f"{self.label} holds no string.", "Create it with the key as a plain string."
            )

    def read(self, stage: Stage) -> SecretStr | None:
        """The value that carries the stage's label."""
        from pydantic import SecretStr

        if stage is Stage.PENDING and self._version(stage) == self._version(Stage.CURRENT):
            return None  # a label that a crash left on the promoted version
        found = self._call("get_secret_value", VersionStage=_LABEL[stage])
        value = found.get("SecretString") if found else None
        return SecretStr(value) if value else None

    def stage(self, value: SecretStr, run_id: str) -> None:
        """Add a version labelled AWSPENDING, with an id derived from the rotation and the value."""
        from helpers.core.model import fingerprint

        held, current = self._version(Stage.PENDING), self._version(Stage.CURRENT)
        token = _version_id(run_id, fingerprint(self._kind, value.get_secret_value()))
        if held and held not in (token, current) and not held.startswith(_prefix(run_id)):
            raise ConflictError(
                f"{self.label} holds a pending version of another rotation.",
                "Finish or abort that one first.",
            )
        self._call(
            "put_secret_value",
            ClientRequestToken=token,
            SecretString=value.get_secret_value(),
            VersionStages=[_LABEL[Stage.PENDING]],
        )

    def promote(self, expect_current: str, expect_pending: str) -> None:
        """Move AWSCURRENT to the pending version, then remove AWSPENDING from it."""
        current = self.read(Stage.CURRENT)
        if not matches(self._kind, current, expect_pending):
            expect(self._kind, current, expect_current, self.label)
            expect(self._kind, self.read(Stage.PENDING), expect_pending, self.label)
            self._move(Stage.CURRENT, to=self._version(Stage.PENDING))
        self.discard(Stage.PENDING)

    def rollback(self, expect_current: str, expect_previous: str) -> None:
        """Move AWSCURRENT back."""
        current = self.read(Stage.CURRENT)
        if not matches(self._kind, current, expect_previous):
            expect(self._kind, current, expect_current, self.label)
            expect(self._kind, self.read(Stage.PREVIOUS), expect_previous, self.label)
            self._move(Stage.CURRENT, to=self._version(Stage.PREVIOUS))
        self.discard(Stage.PREVIOUS)
        self.discard(Stage.PENDING)

    def discard(self, stage: Stage) -> None:
        """Remove the label; AWS itself deletes versions without a label."""
        if stage is Stage.CURRENT:
            raise ValueError("The current value is never discarded.")
        version = self._version(stage)
        if version:
            self._call(
                "update_secret_version_stage",
                VersionStage=_LABEL[stage],
                RemoveFromVersionId=version,
            )

    def _move(self, stage: Stage, *, to: str) -> None:
        self._call(
            "update_secret_version_stage",
            VersionStage=_LABEL[stage],
            MoveToVersionId=to,
            RemoveFromVersionId=self._version(stage),
        )

    def _version(self, stage: Stage) -> str:
        """The id of the version that carries the stage's label, or ""."""
        found = self._call("describe_secret") or {}
        labels: Mapping[str, list[str]] = found.get("VersionIdsToStages") or {}
        return next((v for v, stages in labels.items() if _LABEL[stage] in stages), "")

    def _call(self, method: str, **arguments: Any) -> dict[str, Any] | None:
        """The answer; None where nothing exists. Errors never repeat an argument."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return dict(getattr(self._client, method)(SecretId=self._id, **arguments))
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code == "ResourceNotFoundException":
                return None
            raise _refused(self.label, str(code)) from None
        except BotoCoreError as error:
            raise _refused(self.label, type(error).__name__) from None


def connect() -> Any:
    """A client, with the credentials that the environment holds. Raises StoreSetupError."""
    try:
        import boto3
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise StoreSetupError(
            "The AWS store needs the package boto3.",
            "Install it: pip install 'intercom-security-runbook[aws]'.",
        ) from None
    try:
        return boto3.client("secretsmanager")
    except BotoCoreError as error:
        raise StoreSetupError(
            f"AWS is not set up ({type(error).__name__}).", "Set AWS_REGION and credentials."
        ) from None


def _prefix(run_id: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"intercom-runbook/{run_id}"))[:8]


def _version_id(run_id: str, key_fingerprint: str) -> str:
    """An id of at least 32 characters, the same for the same rotation and value."""
    return _prefix(run_id) + str(uuid.uuid5(uuid.NAMESPACE_OID, f"{run_id}/{key_fingerprint}"))[8:]


def _refused(label: str, code: str) -> StoreError:
    if code in ("InvalidParameterException", "InvalidRequestException"):
        return ConflictError(
            f"{label} has changed in the meantime ({code}).", "Find out who else rotates it."
        )
    return StoreError(f"{label} refused ({code}).", "Fix that, then continue with --resume.")
