"""What the webhook step knows: the receiver as it is configured, and how it did in the battery.

Nothing here holds a port, a duration or a secret: a result is the same on every machine.
"""

from __future__ import annotations

from enum import StrEnum

from helpers.core.model import Datum, Record, Severity

__all__ = [
    "BatteryResult",
    "CaseOutcome",
    "CaseResult",
    "ClientSecret",
    "Expect",
    "LatencyBand",
    "Receiver",
    "VariantResult",
    "WebhookFacts",
]


class Expect(StrEnum):
    """What a receiver has to do with a request."""

    ACCEPT = "accept"  # 2xx
    REFUSE = "refuse"  # 4xx: never 2xx, 5xx, a dropped connection or a dead process
    SURVIVE = "survive"  # anything but 5xx or a crash


class CaseOutcome(StrEnum):
    """How a case ended."""

    PASS = "pass"  # noqa: S105 (a verdict, not a password)
    FAIL = "fail"
    NOTE = "note"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"


class LatencyBand(StrEnum):
    """How fast genuine deliveries are answered, by the bands in Intercom's delivery rules."""

    FAST = "500 ms or less"
    SLOW = "over 500 ms"
    TOO_SLOW = "over 5 s"
    UNKNOWN = "not measured"


class VariantResult(Record):
    """One request of a case: what was sent, what came back, and how to send it again."""

    name: str
    outcome: CaseOutcome
    observed: str
    curl: str = ""


class CaseResult(Record):
    """How a receiver did in one case. `severity` is that of what was seen."""

    id: str
    title: str
    sent: str
    expect: Expect
    advisory: bool
    severity: Severity
    outcome: CaseOutcome
    observed: str
    variants: tuple[VariantResult, ...] = ()
    consequence: str = ""  # what an attacker can do, or what the team loses
    fix: tuple[str, ...] = ()

    @property
    def failing(self) -> tuple[VariantResult, ...]:
        """The requests that went wrong."""
        return tuple(v for v in self.variants if v.outcome is CaseOutcome.FAIL)


class BatteryResult(Record):
    """One run of the battery against one receiver."""

    scheme: str
    receiver: str
    framework: str
    control: CaseOutcome
    latency: LatencyBand
    cases: tuple[CaseResult, ...]
    notes: tuple[str, ...] = ()

    def count(self, *outcomes: CaseOutcome) -> int:
        """How many cases ended so."""
        return sum(case.outcome in outcomes for case in self.cases)

    def case(self, case_id: str) -> CaseResult:
        """The case with this id. Raises KeyError where it was not part of the run."""
        for case in self.cases:
            if case.id == case_id:
                return case
        raise KeyError(case_id)


class ClientSecret(Record):
    """The variable that holds the client secret, and whether it is set. Never the secret."""

    variable: str
    configured: bool


class Receiver(Record):
    """Where deliveries go: scheme and host. A loopback address is told without its port."""

    scheme: str
    host: str
    loopback: bool

    @property
    def address(self) -> str:
        """What to show."""
        return f"{self.scheme}://{self.host}"


class WebhookFacts(Record):
    """What the step collected."""

    client_secret: Datum[ClientSecret]
    receiver: Datum[Receiver]
    battery: Datum[BatteryResult]
