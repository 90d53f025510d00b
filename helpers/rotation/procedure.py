"""How one kind of secret is rotated: the protocol, probe results, and what a person supplies.

A procedure probes keys and, where it may, creates and revokes them. It decides nothing about
states: the engine does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from helpers.rotation.ledger import LedgerEntry

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = [
    "ManualOperator",
    "Operator",
    "OperatorInput",
    "ProbeOutcome",
    "ProbeResult",
    "Procedure",
    "SignedDelivery",
    "clicked",
]


class ProbeOutcome(StrEnum):
    """What to do after a probe."""

    PROVEN = "proven"  # continue
    NOT_YET = "not yet"  # a person has to act first; nothing is wrong
    TRY_AGAIN = "try again"  # the network or Intercom has a problem; the state stays
    REFUTED = "refuted"  # this key can't be used
    UNCLEAR = "unclear"  # a program can't decide


@dataclass(frozen=True)
class ProbeResult:
    """What a probe of a key found: a message for a person, and details without any secret.

    `attestable` names what a person may confirm instead, where no program can check it.
    """

    outcome: ProbeOutcome
    message: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    attestable: str = ""

    @property
    def proven(self) -> bool:
        """True where the rotation may continue."""
        return self.outcome is ProbeOutcome.PROVEN


def clicked(done: bool) -> ProbeResult | None:  # noqa: FBT001 - an operator's answer
    """What an operator's click amounts to; None where a person has to click."""
    return ProbeResult(ProbeOutcome.PROVEN, "The operator revoked it.") if done else None


@dataclass(frozen=True)
class SignedDelivery:
    """A webhook delivery as it was received: the raw body and the value of X-Hub-Signature."""

    body: bytes = field(repr=False)
    signature: str


@dataclass(frozen=True)
class OperatorInput:
    """What a person supplies: the new secret, the names of what they confirm, their decisions.

    `observed` holds what a program checked in a person's place: the same names, and how.
    """

    secret: SecretStr | None = None
    attested: frozenset[str] = frozenset()
    observed: Mapping[str, str] = field(default_factory=dict)
    allow_wider: bool = False
    delivery: SignedDelivery | None = None


class Operator(Protocol):
    """Who creates and revokes keys: a person, or the sandbox's developer hub."""

    def mint(self, entry: LedgerEntry) -> SecretStr | None:
        """The new key, made now or by an earlier call; None where a person has to supply it."""
        ...

    def revoke(self, entry: LedgerEntry) -> bool:
        """Revoke the old key; False where a person has to do it."""
        ...


class ManualOperator:
    """A person: the runbook creates and revokes nothing."""

    def mint(self, entry: LedgerEntry) -> SecretStr | None:
        """None: the person supplies the key once they have it."""
        del entry
        return None

    def revoke(self, entry: LedgerEntry) -> bool:
        """False: the person has to click."""
        del entry
        return False


class Procedure(Protocol):
    """One kind of secret.

    `before` holds the details of `check_current(old)` as the ledger recorded them, with `alive`,
    and under `withdrawn` those of a `revoke` that was confirmed.
    """

    kind: str

    def check_current(self, old: SecretStr) -> ProbeResult:
        """Probe the key in use before anything starts."""
        ...

    def instructions(self, entry: LedgerEntry, *, minting: bool) -> tuple[str, ...]:
        """What a person has to do to create the new key, or to revoke the old one."""
        ...

    def mint(self, entry: LedgerEntry) -> SecretStr | None:
        """The new key, if no person is needed. May be repeated: it finds what it made before."""
        ...

    def verify(
        self,
        entry: LedgerEntry,
        new: SecretStr,
        old: SecretStr | None,
        before: Mapping[str, Any],
        supplied: OperatorInput,
    ) -> ProbeResult:
        """Check that the new key is alive, in the right place, and no stronger than the old one."""
        ...

    def revoke(self, entry: LedgerEntry, before: Mapping[str, Any]) -> ProbeResult | None:
        """Revoke the old key; proven where that was confirmed, None where a person has to do it."""
        ...

    def prove_dead(
        self,
        entry: LedgerEntry,
        old: SecretStr,
        new: SecretStr | None,
        before: Mapping[str, Any],
        supplied: OperatorInput,
    ) -> ProbeResult:
        """Check that the old key is dead. Without `new` there is no key to compare it with yet."""
        ...
