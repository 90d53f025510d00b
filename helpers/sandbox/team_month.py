"""A team at work: people with habits, and the activity log that their months leave behind.

The months are drawn from a seed and are the same in every run. They contain what makes real logs
hard to judge: mistyped passwords, home connections that get a new address, phones, colleagues in
other time zones, strangers who try passwords, and security changes that are somebody's job.
`takeovers` and `benign_events` add what a test is about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final

from helpers.sandbox.activity_log import ActivityLog, Row
from helpers.sandbox.clock import DEMO_NOW

__all__ = ["DAY", "HOUR", "MINUTE", "NOW", "Colleague", "TeamMonth"]

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400
NOW: Final = int(DEMO_NOW.timestamp())
_MIDNIGHT: Final = NOW - NOW % DAY
_WEEKEND: Final = 5  # Monday is 0
_ROLES: Final = ("owner", "developer", "analyst", "lead", "agent")
# how often a month somebody of this role does this, in the course of their work
_DUTIES: Final = {
    "owner": (
        ("admin_permission_change", 1.2),
        ("admin_invite_creation", 0.5),
        ("role_change", 0.5),
        ("inbox_access_change", 1.0),
        ("security_settings_change", 0.1),
        ("bulk_export", 0.3),
        ("app_package_installation", 0.2),
    ),
    "developer": (
        ("app_webhook_creation", 0.5),
        ("app_webhook_deletion", 0.3),
        ("app_package_token_regeneration", 0.3),
        ("app_package_installation", 0.3),
        ("messenger_api_secret_creation", 0.05),
        ("oauth_token_revocation", 0.1),
    ),
    "analyst": (("bulk_export", 4.0), ("app_data_export", 1.0), ("macro_usage_export", 1.0)),
    "lead": (("bulk_export", 0.4), ("conversation_pdf_export", 2.0), ("inbox_access_change", 0.7)),
    "agent": (("conversation_pdf_export", 0.7), ("bulk_export", 0.05)),
}


@dataclass
class Colleague:
    """A teammate: where they work from, and when."""

    id: str
    email: str
    role: str
    home: str  # their first address at home
    phone: str
    office_share: float  # of their working days
    starts: int  # seconds after midnight, UTC
    zone: int = 0  # seconds that their day is shifted against UTC
    since: int = 0  # the first day they work
    moves: list[tuple[float, str]] = field(default_factory=list)  # since when at which address

    def home_at(self, at: float) -> str:
        """Their address at home at a time."""
        return next((ip for since, ip in reversed(self.moves) if since <= at), self.home)

    def move(self, home: str, at: float) -> None:
        """Have another address at home from a time on."""
        self.moves = [(since, ip) for since, ip in self.moves if since < at] + [(at, home)]

    @property
    def homes(self) -> set[str]:
        """The networks they ever worked from at home."""
        return {ip.rpartition(".")[0] for ip in (self.home, *(ip for _, ip in self.moves))}

    @property
    def row(self) -> dict[str, str]:
        """As the log names the performer."""
        return {"id": self.id, "email": self.email}


class TeamMonth:
    """A team, and its activity log over some weeks before the period and the period itself."""

    def __init__(self, seed: str, *, days: int = 30) -> None:
        self.dice = Random(seed)  # noqa: S311 - a story, not a secret
        self.activity = ActivityLog()
        self._unused = [f"198.{net}.{third}" for net in (18, 19) for third in range(256)]
        self.dice.shuffle(self._unused)
        self.start = NOW - days * DAY
        self.known_since = self.start - self.dice.choice((0, 30, 60, 120)) * DAY
        self.office = self.network()
        self._carriers = [self.network() for _ in range(3)]
        self.people: list[Colleague] = []
        size = self.dice.randint(4, 25)
        for number in range(size):
            self.hire(_ROLES[number] if number < len(_ROLES) else self._role())

    def chance(self, share: float) -> bool:
        """Whether something happens that happens in this share of cases."""
        return self.dice.random() < share

    def network(self) -> str:
        """A network that nobody used so far: the first three numbers of its addresses."""
        return self._unused.pop()

    def address(self, network: str) -> str:
        """An address in a network."""
        return f"{network}.{self.dice.randint(2, 250)}"

    def hire(self, role: str, *, since: int = 0) -> Colleague:
        """Add a teammate."""
        number = len(self.people)
        colleague = Colleague(
            id=str(8_100_000 + number),
            email=f"{role}{number}@example.com",
            role=role,
            home=self.address(self.network()),
            phone=self.dice.choice(self._carriers),
            office_share=self.dice.choice((0.0, 0.5, 0.9)),
            starts=int(self.dice.uniform(7.5, 9.5) * HOUR),
            zone=self.dice.choice((0, 0, 0, 0, -5 * HOUR, 8 * HOUR)),
            since=since,
        )
        self.people.append(colleague)
        return colleague

    def someone(self, *roles: str) -> Colleague:
        """A teammate with one of these roles, or any."""
        return self.dice.choice([p for p in self.people if not roles or p.role in roles])

    def day(self, first: float = 0.35, last: float = 0.93) -> int:
        """The midnight before a working day in this part of the period."""
        while True:
            at = self.start + int(self.dice.uniform(first, last) * (NOW - self.start))
            if _works(at - at % DAY):
                return at - at % DAY

    def act(self, who: Colleague, kind: str, at: float, ip: str, text: str = "") -> None:
        """Write a row; nothing is in the future."""
        said = text or f"{who.email} {kind.replace('_', ' ')}."
        if at < NOW:
            self.activity.record(kind, said, at=int(at), by=who.row, ip=ip)

    def log_in(self, who: Colleague, at: float, ip: str, *, failures: int = 0) -> float:
        """Failures half a minute to a minute apart, then the log-in; returns when that was."""
        for _ in range(failures):
            self.act(who, "admin_login_failure", at, ip)
            at += self.dice.uniform(25, 70)
        self.act(who, "admin_login_success", at, ip)
        return at

    def clear(self, who: Colleague, first: float, last: float) -> None:
        """Remove what a teammate did between two times: they were not at work."""
        rows = self.activity.rows
        rows[:] = [r for r in rows if not _is_of(r, who, first, last)]

    def relocate(
        self, who: Colleague, first: float, last: float, to: str, *, only: str = ""
    ) -> None:
        """Let a teammate work from the network `to` between two times, phone calls aside.

        With `only`, just what was done from that network moves.
        """
        for row in self.activity.rows:
            network = row["performed_by"]["ip"].rpartition(".")[0]
            moves = network == only if only else network in (self.office, *who.homes)
            if moves and _is_of(row, who, first, last):
                host = 10 if only else 10 + int(who.id) % 200
                row["performed_by"]["ip"] = f"{to}.{host}"

    def ordinary_days(self) -> None:
        """Everybody's work from the first day to the present; before what a test adds."""
        for who in self.people:
            for midnight in self._days(who):
                self._working_day(who, midnight)
                if self.chance(0.04):  # the provider assigns a new address
                    same = who.home_at(midnight).rpartition(".")[0]
                    home = self.address(same if self.chance(0.8) else self.network())
                    who.move(home, midnight + DAY)
        if self.chance(0.4):
            self._strangers()

    def place(self, who: Colleague, at: float) -> str:
        """Where they work on that day: where they were seen, or where they may have been."""
        midnight = at - at % DAY
        seen = next(
            (r for r in self.activity.rows if _is_of(r, who, midnight, midnight + DAY)), None
        )
        drawn = f"{self.office}.10" if self.chance(who.office_share) else who.home_at(at)
        return str(seen["performed_by"]["ip"]) if seen and _succeeded(seen) else drawn

    def _role(self) -> str:
        return self.dice.choices(_ROLES, (1, 2, 1, 3, 12))[0]

    def _days(self, who: Colleague) -> Iterator[int]:
        for midnight in range(self.known_since - self.known_since % DAY, NOW, DAY):
            if _works(midnight) and midnight >= who.since:
                yield midnight

    def _working_day(self, who: Colleague, midnight: int) -> None:
        if not self.chance(0.85):
            return
        ip = self.place(who, midnight)
        start = midnight + who.starts - who.zone + self.dice.gauss(0, 20 * MINUTE)
        if self.chance(0.7):  # otherwise the session still lasts
            mistyped = self.dice.choices((0, 1, 2, 3, 5), (90, 6, 2.5, 1, 0.5))[0]
            start = self.log_in(who, start, ip, failures=mistyped)
        for kind in ("admin_away_mode_change", "macro_update", "admin_away_mode_change"):
            if self.chance(0.5):
                self.act(who, kind, start + self.dice.uniform(0.1, 8) * HOUR, ip)
        for kind, monthly in _DUTIES[who.role]:
            if self.chance(monthly / 21):
                self.act(who, kind, start + self.dice.uniform(0.1, 8) * HOUR, ip)
        if self.chance(0.12):  # in the evening, by phone
            at, by_phone = start + self.dice.uniform(9, 13) * HOUR, self.address(who.phone)
            self.log_in(who, at, by_phone)
            self.act(who, "admin_away_mode_change", at + 5 * MINUTE, by_phone)
        if self.chance(0.3):
            self.act(who, "admin_logout", start + self.dice.uniform(8, 9) * HOUR, ip)

    def _strangers(self) -> None:
        """Somebody on the internet tries passwords, without success."""
        for _ in range(self.dice.randint(1, 6)):
            who, at = self.someone(), self.day(0.05) + self.dice.uniform(0, 24) * HOUR
            ip = self.address(self.network())
            for number in range(self.dice.randint(2, 12)):
                self.act(who, "admin_login_failure", at + number * 40, ip)


def _is_of(row: Row, who: Colleague, first: float, last: float) -> bool:
    return bool(row["performed_by"]["id"] == who.id and first <= row["created_at"] < last)


def _succeeded(row: Row) -> bool:
    return bool(row["activity_type"] != "admin_login_failure")


def _works(midnight: int) -> bool:
    return (midnight // DAY + 3) % 7 < _WEEKEND  # the epoch was a Thursday
