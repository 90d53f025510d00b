"""How a rotation deals with one kind of secret: the protocol, and what people are told.

A procedure looks and, where it may, acts; it decides nothing about states. `Offer` is what a person
brings along when the rotation goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from helpers.rotation.ledger import Entry
from helpers.rotation.verdicts import Verdict

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = ["Delivery", "Hand", "Offer", "Person", "Procedure"]


@dataclass(frozen=True)
class Delivery:
    """A webhook delivery as it came: raw body, and the value of X-Hub-Signature."""

    body: bytes = field(repr=False)
    signature: str


@dataclass(frozen=True)
class Offer:
    """What a person brings: the new secret, names of what they vouch for, decisions.

    `shown` is what a program saw in a person's place: by the same names, how it was seen.
    """

    secret: SecretStr | None = None
    attested: frozenset[str] = frozenset()
    shown: Mapping[str, str] = field(default_factory=dict)
    allow_wider: bool = False
    delivery: Delivery | None = None


class Hand(Protocol):
    """Who makes and withdraws keys: a person, or the sandbox's developer hub."""

    def mint(self, entry: Entry) -> SecretStr | None:
        """The new key, made now or found made; None where a person has to bring it."""
        ...

    def withdraw(self, entry: Entry) -> bool:
        """Let the old key die; False where a person has to."""
        ...


class Person:
    """A person's hand: nothing happens without them."""

    def mint(self, entry: Entry) -> SecretStr | None:
        """They bring it when they have it."""
        del entry
        return None

    def withdraw(self, entry: Entry) -> bool:
        """They have to click."""
        del entry
        return False


class Procedure(Protocol):
    """One kind of secret. `before` is what the ledger holds of `before(old)`, with `alive`."""

    kind: str

    def before(self, old: SecretStr) -> Verdict:
        """Look at the key that is in use, before anything starts."""
        ...

    def told(self, entry: Entry, *, minting: bool) -> tuple[str, ...]:
        """What a person has to do to make the new key, or else to withdraw the old one."""
        ...

    def mint(self, entry: Entry) -> SecretStr | None:
        """The new key, if no person is needed for it. May be repeated: it finds what it made."""
        ...

    def verify(
        self,
        entry: Entry,
        new: SecretStr,
        old: SecretStr | None,
        before: Mapping[str, Any],
        offer: Offer,
    ) -> Verdict:
        """Is the new key alive, in the right place, and no stronger than the old one?"""
        ...

    def withdraw(self, entry: Entry, before: Mapping[str, Any]) -> bool:
        """Let the old key die, if no person is needed for it."""
        ...

    def prove_dead(
        self,
        entry: Entry,
        old: SecretStr,
        new: SecretStr | None,
        before: Mapping[str, Any],
        offer: Offer,
    ) -> Verdict:
        """Is the old key dead? Without `new` there is none yet to compare with."""
        ...
