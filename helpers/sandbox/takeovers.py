"""How accounts are taken over: each story as rows of the activity log, drawn from a seed.

`tell(name, seed)` gives the log of a team in which one story happened, and the accounts that the
intruder used. What a story fixes is in its docstring; account, time, addresses, number and kinds of
acts are drawn. The intruder's addresses are in networks that nobody else uses, unless a story says
otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from helpers.sandbox.activity_log import ActivityLog
from helpers.sandbox.benign_events import benign_event
from helpers.sandbox.team_month import DAY, HOUR, MINUTE, NOW, Colleague, TeamMonth

__all__ = ["STORIES", "ToldStory", "tell"]


@dataclass(frozen=True)
class ToldStory:
    """A log, and the e-mail addresses of the accounts that the intruder used."""

    activity: ActivityLog
    accounts: frozenset[str]


_Story = Callable[[TeamMonth], set[str]]
_STORIES: Final[dict[str, _Story]] = {}


def _story(play: _Story) -> _Story:
    _STORIES[play.__name__.removeprefix("_")] = play
    return play


def tell(name: str, seed: str) -> ToldStory:
    """One story of this name. Raises KeyError for a name that does not exist."""
    month = TeamMonth(f"takeover/{name}/{seed}")
    month.ordinary_days()
    if month.chance(0.5):
        benign_event(month)
    accounts = _STORIES[name](month)
    return ToldStory(month.activity, frozenset(accounts))


class _Intruder:
    """Somebody who acts in an account from an address."""

    def __init__(self, month: TeamMonth, who: Colleague, *, ip: str = "", at: float = 0) -> None:
        self.month = month
        self.who = who
        self.ip = ip or month.address(month.network())
        self.at = at or month.day() + month.dice.uniform(0, 24) * HOUR

    @property
    def account(self) -> set[str]:
        return {self.who.email}

    def log_in(self, *, failures: int = 0) -> None:
        self.at = self.month.log_in(self.who, self.at, self.ip, failures=failures)

    def do(self, *kinds: str, pause: tuple[float, float] = (1, 25), text: str = "") -> None:
        """One act after another, some minutes apart."""
        for kind in kinds:
            self.at += self.month.dice.uniform(*pause) * MINUTE
            self.month.act(self.who, kind, self.at, self.ip, text)

    def disable_two_factor(self) -> None:
        said = f"{self.who.email} disabled two-factor authentication."
        self.do("admin_two_factor_auth_change", text=said)

    def take(self, least: int = 1, most: int = 3) -> None:
        """Take data, and something that lasts."""
        some = self.month.dice.randint(least, most)
        self.do(*self.month.dice.sample(_SPOILS, some))

    def leave(self) -> None:
        if self.month.chance(0.5):
            self.do("admin_logout")


_SPOILS: Final = (
    "bulk_export",
    "app_data_export",
    "app_package_token_regeneration",
    "app_webhook_creation",
    "messenger_api_secret_creation",
    "admin_permission_change",
)


def _intruder(month: TeamMonth, *roles: str) -> _Intruder:
    return _Intruder(month, month.someone(*roles))


def _guesses(month: TeamMonth) -> int:
    return month.dice.randint(6, 40)


@_story
def _guessed_from_known_address(month: TeamMonth) -> set[str]:
    """Many failures, then a success, all from an address the account is known to use."""
    one = _intruder(month)
    at_home = one.who.office_share == 0
    one.ip = one.who.home_at(one.at) if at_home else f"{month.office}.10"
    one.log_in(failures=_guesses(month))
    one.take(2)
    one.leave()
    return one.account


@_story
def _guessed_from_new_address(month: TeamMonth) -> set[str]:
    """Failures, a success from the same new address, then acts."""
    one = _intruder(month)
    one.log_in(failures=_guesses(month))
    one.take()
    one.leave()
    return one.account


@_story
def _new_address_without_failures(month: TeamMonth) -> set[str]:
    """The password was known: one log-in from elsewhere, then several acts."""
    one = _intruder(month)
    one.log_in()
    one.take(2, 4)
    one.leave()
    return one.account


@_story
def _acts_from_second_address(month: TeamMonth) -> set[str]:
    """Guessed from one address, used from another one without logging in there."""
    one = _intruder(month)
    one.log_in(failures=_guesses(month))
    one.ip = month.address(month.network())
    one.take(2)
    return one.account


@_story
def _slow_over_three_days(month: TeamMonth) -> set[str]:
    """A log-in on the first day, one act on each of the following ones."""
    one = _Intruder(
        month, month.someone(), at=month.day(0.3, 0.8) + month.dice.uniform(0, 24) * HOUR
    )
    one.log_in(failures=month.dice.choice((0, 0, 4)))
    for kind in month.dice.sample(_SPOILS, month.dice.randint(2, 3)):
        one.do(kind, pause=(18 * 60, 26 * 60))
    return one.account


@_story
def _by_impersonation(month: TeamMonth) -> set[str]:
    """The account is impersonated though nobody consented; the acts are in its name."""
    one = _intruder(month, "owner", "developer", "analyst", "lead")
    one.do("admin_impersonation_start", text=f"Intercom's support became {one.who.email}.")
    one.take(1, 2)
    one.do("admin_impersonation_end")
    return one.account


@_story
def _consent_given_by_intruder(month: TeamMonth) -> set[str]:
    """An owner's account consents to an impersonation that then takes data."""
    one = _intruder(month, "owner")
    one.log_in()
    one.do("admin_impersonation_consent_approved")
    one.do("admin_impersonation_start", pause=(30, 600))
    one.take(1, 3)
    return one.account


@_story
def _invited_second_account(month: TeamMonth) -> set[str]:
    """An owner's account invites another one, which then acts from its own address."""
    one = _intruder(month, "owner")
    one.log_in(failures=month.dice.choice((0, 8)))
    guest = month.hire("agent", since=NOW)
    guest.email = f"support{month.dice.randint(10, 99)}@mail.example.net"
    one.do("admin_invite_creation", text=f"{one.who.email} invited {guest.email}.")
    ip = month.dice.choice((one.ip, month.address(month.network())))
    two = _Intruder(month, guest, ip=ip, at=one.at + month.dice.uniform(2, 300) * MINUTE)
    two.do("app_admin_join")
    one.at = two.at
    one.do("admin_permission_change", text=f"{one.who.email} gave {guest.email} full access.")
    two.at = one.at + month.dice.uniform(1, 20) * HOUR
    two.log_in()
    two.take(1, 3)
    return one.account | two.account


@_story
def _token_only(month: TeamMonth) -> set[str]:
    """A stolen token takes data from elsewhere. Nobody logs in."""
    one = _intruder(month, "owner", "developer", "analyst")
    exports = month.dice.choices(("bulk_export", "app_data_export"), k=month.dice.randint(2, 6))
    one.do(*exports, pause=(2, 240))
    return one.account


@_story
def _two_factor_off_first(month: TeamMonth) -> set[str]:
    """The first act after the log-in disables the second factor."""
    one = _intruder(month)
    one.log_in(failures=month.dice.choice((0, 1, 5)))
    one.disable_two_factor()
    one.take()
    one.leave()
    return one.account


@_story
def _changed_sign_in_method(month: TeamMonth) -> set[str]:
    """Signed in by a method that is not allowed, or allowed one, and stayed."""
    one = _intruder(month, "owner")
    if month.chance(0.5):
        one.do("admin_unauthorized_sign_in_method")
    one.log_in()
    kinds = ("app_authentication_method_change", "app_google_sso_domain_change")
    one.do(month.dice.choice(kinds))
    one.take(1, 2)
    return one.account


@_story
def _reset_password(month: TeamMonth) -> set[str]:
    """The mailbox was taken first: the password is reset, then used from elsewhere."""
    one = _intruder(month)
    one.do("admin_password_reset_request", "admin_password_reset_success")
    one.log_in()
    one.take(1, 3)
    return one.account


@_story
def _forwarding_set_up(month: TeamMonth) -> set[str]:
    """Mail goes out under, or comes in from, an address of the intruder's."""
    one = _intruder(month, "owner", "lead", "developer")
    one.log_in(failures=month.dice.choice((0, 7)))
    one.do("app_outbound_address_change")
    one.do(month.dice.choice(("inbound_conversations_change", "trusted_domains_setting_change")))
    one.leave()
    return one.account


@_story
def _webhook_set_up(month: TeamMonth) -> set[str]:
    """One webhook to a stranger's host, from then on a copy of everything."""
    one = _intruder(month, "owner", "developer", "lead")
    one.log_in(failures=month.dice.choice((0, 7)))
    one.do("app_webhook_creation", text="created a webhook to https://collector.example.net/.")
    one.leave()
    return one.account


@_story
def _app_installed(month: TeamMonth) -> set[str]:
    """An app of the intruder's, and a token for it."""
    one = _intruder(month, "owner", "developer")
    one.log_in()
    one.do("app_package_installation", "app_package_token_regeneration")
    one.leave()
    return one.account


@_story
def _bulk_export(month: TeamMonth) -> set[str]:
    """Everything is exported in an hour: contacts, conversations, companies."""
    one = _intruder(month)
    one.log_in()
    exports = month.dice.choices(("bulk_export", "app_data_export"), k=month.dice.randint(2, 5))
    one.do(*exports)
    one.leave()
    return one.account


@_story
def _pdf_exports_one_by_one(month: TeamMonth) -> set[str]:
    """Conversations are exported one at a time, by the dozen, over hours or days."""
    one = _Intruder(
        month, month.someone(), at=month.day(0.3, 0.8) + month.dice.uniform(0, 24) * HOUR
    )
    one.log_in()
    exports = ["conversation_pdf_export"] * month.dice.randint(25, 150)
    one.do(*exports, pause=month.dice.choice(((0.3, 3), (5, 25))))
    return one.account


@_story
def _clean_up_afterwards(month: TeamMonth) -> set[str]:
    """What was made is removed again, and the second factor restored."""
    one = _intruder(month, "owner", "developer")
    one.log_in()
    one.disable_two_factor()
    one.do("app_webhook_creation")
    one.do("app_webhook_deletion", pause=(60, 600))
    said = f"{one.who.email} enabled two-factor authentication."
    one.do("admin_two_factor_auth_change", text=said)
    one.do("admin_logout")
    return one.account


@_story
def _dormant_account(month: TeamMonth) -> set[str]:
    """An account that nobody has used for months logs in and takes data."""
    who = month.hire("analyst", since=NOW)
    last = month.start - month.dice.randint(95, 200) * DAY
    month.log_in(who, last, who.home)
    one = _Intruder(month, who, ip=month.dice.choice((who.home, "")))
    one.log_in()
    one.take(1, 3)
    return one.account


@_story
def _sprayed_passwords(month: TeamMonth) -> set[str]:
    """One address tries a few passwords on many accounts; one of them opens."""
    one = _intruder(month)
    at = one.at - 2 * HOUR
    for who in month.people:
        for _ in range(month.dice.randint(1, 3)):
            at += month.dice.uniform(1, 20)
            month.act(who, "admin_login_failure", at, one.ip)
    one.at = at + 60
    one.log_in()
    one.take(1, 3)
    return one.account


@_story
def _stolen_session(month: TeamMonth) -> set[str]:
    """A copied session acts from elsewhere while its owner works as usual. No log-in."""
    who = month.someone()
    midnight = month.day()
    at = midnight + who.starts - who.zone
    month.log_in(who, at, who.home_at(at))
    one = _Intruder(month, who, at=at + month.dice.uniform(0.5, 5) * HOUR)
    one.take(2, 3)
    month.act(who, "macro_update", one.at + 10 * MINUTE, who.home_at(at))
    return one.account


@_story
def _stolen_laptop_at_night(month: TeamMonth) -> set[str]:
    """From a known address while its owner sleeps: the second factor goes, data is taken."""
    who = month.someone()
    night = month.day() + month.dice.uniform(0.5, 4.5) * HOUR - who.zone
    one = _Intruder(month, who, ip=who.home_at(night), at=night)
    one.log_in()
    one.disable_two_factor()
    one.take(2, 3)
    return one.account


@_story
def _destroyed_data(month: TeamMonth) -> set[str]:
    """Data is exported, then deleted."""
    one = _intruder(month)
    one.log_in(failures=month.dice.choice((0, 9)))
    one.do("bulk_export", "bulk_delete")
    kinds = ("app_data_deletion", "conversation_part_deletion", "bulk_delete")
    one.do(*month.dice.choices(kinds, k=2))
    return one.account


@_story
def _all_together(month: TeamMonth) -> set[str]:
    """Guessed, second factor off, a second account, a webhook, exports for days, clean-up."""
    one = _Intruder(month, month.someone("owner"), at=month.day(0.3, 0.75) + 2 * HOUR)
    one.log_in(failures=_guesses(month))
    one.disable_two_factor()
    one.do("admin_invite_creation", "app_webhook_creation", "app_package_token_regeneration")
    one.ip = month.address(month.network())
    one.do("bulk_export", *["conversation_pdf_export"] * 20, pause=(10, 200))
    one.do("app_webhook_deletion", "admin_invite_deletion", "admin_logout", pause=(60, 300))
    return one.account


STORIES: Final[Mapping[str, str]] = {
    name: (play.__doc__ or "").strip() for name, play in _STORIES.items()
}
