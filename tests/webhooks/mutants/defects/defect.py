"""What a defect is: lines of the sound receiver replaced, and the requests that must tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import filter as matching

from helpers.webhooks.battery import BatteryOptions
from helpers.webhooks.cases import case_named
from helpers.webhooks.cases.case import ALL_SCHEMES
from helpers.webhooks.signatures import Scheme

Changes = dict[str, str]
QUICK = BatteryOptions(recovery=0.1)


@dataclass(frozen=True)
class Defect:
    """One defect. `killers` are the requests that must fail; no others may.

    A killer is a request's name, or a pattern (`R15 *`) that must match one at least.
    `watched`: it shows only to who observes which deliveries are acted upon.
    """

    id: str
    killers: str
    changes: Changes
    schemes: frozenset[str] = ALL_SCHEMES
    options: BatteryOptions = QUICK
    watched: bool = False

    @property
    def patterns(self) -> tuple[str, ...]:
        """The killers, one by one."""
        return tuple(self.killers.split(", "))

    def misjudged(self, failing: set[str]) -> tuple[set[str], set[str]]:
        """What should have failed and did not, and what failed and should not have."""
        missed = {pattern for pattern in self.patterns if not matching(failing, pattern)}
        expected = {name for pattern in self.patterns for name in matching(failing, pattern)}
        return missed, failing - expected

    @property
    def named(self) -> set[str]:
        """The killers that are no patterns."""
        return {pattern for pattern in self.patterns if not set(pattern) & set("*[")}

    def cases(self, scheme: Scheme) -> set[str]:
        """The cases that must fail, of those that the scheme has and a killer names in full."""
        ids = {pattern[:3] for pattern in self.patterns if pattern[:3].isalnum()}
        return {case_id for case_id in ids if scheme.name in case_named(case_id).schemes}


def _before(anchor: str) -> Callable[..., Changes]:
    indent = " " * (len(anchor) - len(anchor.lstrip()))

    def insert(*lines: str) -> Changes:
        return {anchor: "".join(f"{indent}{line}\n" for line in lines) + anchor}

    return insert


def instead(old: str, new: str) -> Changes:
    """Replace a piece of the source."""
    return {old: new}


def compared(expression: str) -> Changes:
    """Compare in another way."""
    return {"hmac.compare_digest(claimed, expected)": expression}


def digest_of(expression: str) -> Changes:
    """Take the HMAC of something else."""
    return {"hmac.new(SECRET, body, ALGORITHM)": f"hmac.new(SECRET, {expression}, ALGORITHM)"}


def another_key(key: str) -> Changes:
    """Accept what is signed with this key too, as a second secret would be."""
    right = f"hmac.new({key}, body, ALGORITHM).hexdigest()"
    return with_claim(f"if claimed == (PREFIX + {right}).encode():", "    return True")


on_arrival = _before("        if not self.is_genuine(body):\n")
with_headers = _before("        claims = self.headers.get_all(HEADER, [])\n")
with_claim = _before("        expected = self.signature(body)\n")
before_parsing = _before("        try:\n            document = json.loads(body)\n")
once_parsed = _before("        key = hashlib.sha256(body).digest()\n")
