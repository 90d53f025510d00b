"""What counts as evidence of a takeover, and how much.

`questions/takeover.sql` finds these signs. An account is reported if somebody else seems to have
come in (at least 2 points), something was then done with the account (at least 1), and both
together reach `ALARM`. From `SUSPICION` on a person decides. Each sign counts once, however often
it occurs within four days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

__all__ = ["ALARM", "SIGNS", "SUSPICION", "Sign", "explain"]

ALARM: Final = 5
SUSPICION: Final = 4


@dataclass(frozen=True)
class Sign:
    """A sign, how it is reported, and its points: for another hand, and for what it did."""

    name: str
    words: str
    hand: int
    deed: int

    @property
    def points(self) -> int:
        """Its points in all."""
        return self.hand + self.deed


SIGNS: Final = (
    # somebody else seems to act
    Sign("failed", "a failed log-in", 0, 0),
    Sign("guessed", "a log-in after many failures", 3, 0),
    Sign("mistyped", "a log-in after a few failures", 1, 0),
    Sign("sprayed", "a log-in from an address that tried several accounts", 3, 0),
    Sign("network", "from a network new to this teammate", 1, 0),
    Sign("no_login", "without a log-in from there", 1, 0),
    Sign("only", "nothing but security-relevant activity from there", 2, 0),
    Sign("only_so_far", "little is known of the teammate, nothing ordinary from there", 1, 0),
    Sign("meanwhile", "while the teammate was active elsewhere", 1, 0),
    Sign("hour", "at an hour unusual for this teammate", 1, 0),
    Sign("refused", "by a sign-in method that is not allowed", 1, 0),
    Sign("silence", "after a long silence", 3, 0),
    Sign("unasked", "impersonation without a consent", 3, 0),
    Sign("guest", "invited from a network new to the inviter", 2, 0),
    # what was done
    Sign("two_factor", "two-factor authentication disabled", 2, 1),
    Sign("reset", "password reset", 0, 1),
    Sign("sign_in", "a way to sign in changed", 0, 2),
    Sign("key", "a key made", 0, 2),
    Sign("outlet", "a way out for data opened", 0, 2),
    Sign("export", "data exported", 0, 2),
    Sign("one_by_one", "many conversations exported one by one", 0, 2),
    Sign("delete", "data deleted", 0, 2),
    Sign("unknown", "security-relevant activity of an unknown type", 0, 1),
    Sign("rights", "rights given", 0, 1),
    Sign("consent", "impersonation allowed", 0, 1),
    Sign("traces", "what was made removed again", 0, 0),
    Sign("guest_took", "the invited account used", 0, 2),
    # the same by somebody whose work it is
    Sign("usual_key", "a key made, as before", 0, 1),
    Sign("usual_outlet", "a way out for data opened, as before", 0, 1),
    Sign("usual_export", "data exported, as before", 0, 1),
    Sign("usual_delete", "data deleted, as before", 0, 1),
)


def explain(reasons: Iterable[str]) -> str:
    """The signs behind these reasons with their points, most important kind first, and the sum."""
    given = set(reasons)
    found = [sign for sign in SIGNS if sign.words in given and not _superseded(sign, given)]
    listed = ", ".join(f"{sign.words} ({sign.points})" for sign in found if sign.points)
    total = sum(sign.points for sign in found)
    return f"with {total} points of evidence, {ALARM} are an alarm: {listed}"


def _superseded(sign: Sign, given: set[str]) -> bool:
    """Whether the same was also done by somebody who never did it before."""
    return sign.name.startswith("usual_") and sign.words.removesuffix(", as before") in given
