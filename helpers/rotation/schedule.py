"""When which key is due: from its age and the policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from helpers.core.policy import RotationPolicy
from helpers.rotation.calendar import Due
from helpers.rotation.records import KeyAge

__all__ = ["Scheduled", "scheduled"]


@dataclass(frozen=True)
class Scheduled:
    """A key, its age in days, its limit, when it is due and who owns it."""

    profile: str
    key: KeyAge
    age: int
    limit: int
    due: datetime
    owner: str
    warnings: tuple[int, ...]  # the steps of the policy's warning that are passed, in per cent

    @property
    def percent(self) -> int:
        """How much of the allowed age is used up."""
        return self.age * 100 // self.limit

    def as_due(self, policy: RotationPolicy) -> Due:
        """For the calendar."""
        days = [self.key.since + timedelta(days=self.limit * p // 100) for p in _steps(policy)]
        return Due(
            profile=self.profile,
            variable=self.key.variable,
            fingerprint=self.key.fingerprint,
            on=self.due.date(),
            owner=self.owner,
            warn_on=tuple(day.date() for day in days),
            sure=self.key.exact,
        )


def scheduled(key: KeyAge, policy: RotationPolicy, now: datetime, profile: str) -> Scheduled:
    """Where a key stands in its life."""
    limit, age = policy.limit(key.kind), key.days(now)
    return Scheduled(
        profile=profile,
        key=key,
        age=age,
        limit=limit,
        due=key.since + timedelta(days=limit),
        owner=policy.owner_of(key.variable),
        warnings=tuple(p for p in _steps(policy) if age * 100 >= p * limit),
    )


def _steps(policy: RotationPolicy) -> tuple[int, ...]:
    return tuple(sorted(policy.warn_at_percent))
