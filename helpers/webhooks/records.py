"""What the webhook step knows: how the receiver is configured, and how it did in the battery.

Nothing here holds a duration or a secret, and a port only where the command was given it.
"""

from __future__ import annotations

from enum import StrEnum

from helpers.core.model import Datum, Record, Severity

__all__ = [
    "BatteryResult",
    "CaseGroup",
    "CaseOutcome",
    "CaseResult",
    "ClientSecretStatus",
    "Expect",
    "LatencyBand",
    "ReceiverAddress",
    "VariantResult",
    "WebhookFacts",
]


class Expect(StrEnum):
    """What a receiver must do with a request."""

    ACCEPT = "accept"  # 2xx
    REFUSE = "refuse"  # 4xx: never 2xx, 5xx, a dropped connection or a dead process
    SURVIVE = "survive"  # anything but 5xx or a crash


class CaseOutcome(StrEnum):
    """The outcome of a case."""

    PASS = "pass"  # noqa: S105 (a verdict, not a password)
    FAIL = "fail"
    NOTE = "note"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"


class LatencyBand(StrEnum):
    """How fast genuine deliveries are answered, in the bands of Intercom's delivery rules."""

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
    """The result of one case. `severity` is the severity of what was observed."""

    id: str
    title: str
    sent: str
    expect: Expect
    advisory: bool
    severity: Severity
    outcome: CaseOutcome
    observed: str
    variants: tuple[VariantResult, ...] = ()
    consequence: str = ""  # what an attacker can do, or what is lost
    fix: tuple[str, ...] = ()

    @property
    def failing(self) -> tuple[VariantResult, ...]:
        """The requests that went wrong."""
        return tuple(v for v in self.variants if v.outcome is CaseOutcome.FAIL)


class CaseGroup(Record):
    """Cases that fail for one reason, which is one finding. `cases` are their ids."""

    id: str
    title: str
    severity: Severity
    cases: tuple[str, ...]
    observed: str
    consequence: str
    fix: tuple[str, ...]
    curl: str = ""


class BatteryResult(Record):
    """One run of the battery against one receiver.

    `endpoint` adds port and path to the receiver's address; it is empty in a notebook's results,
    which are the same on every machine.
    """

    scheme: str
    receiver: str
    framework: str
    control: CaseOutcome
    latency: LatencyBand
    cases: tuple[CaseResult, ...]
    notes: tuple[str, ...] = ()
    groups: tuple[CaseGroup, ...] = ()
    endpoint: str = ""

    def count(self, *outcomes: CaseOutcome) -> int:
        """How many cases have one of these outcomes."""
        return sum(case.outcome in outcomes for case in self.cases)

    def case(self, case_id: str) -> CaseResult:
        """The case with this id. Raises KeyError if the run did not include it."""
        for case in self.cases:
            if case.id == case_id:
                return case
        raise KeyError(case_id)


class ClientSecretStatus(Record):
    """The variable that holds the client secret, and whether it is set. Never the secret."""

    variable: str
    configured: bool


class ReceiverAddress(Record):
    """Where deliveries go: scheme and host. A loopback address is shown without its port."""

    scheme: str
    host: str
    loopback: bool

    @property
    def address(self) -> str:
        """The address as it is shown."""
        return f"{self.scheme}://{self.host}"


class WebhookFacts(Record):
    """What the step collected."""

    client_secret: Datum[ClientSecretStatus]
    receiver: Datum[ReceiverAddress]
    battery: Datum[BatteryResult]
