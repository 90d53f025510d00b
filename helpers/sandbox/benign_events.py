"""What resembles a takeover and is none: a colleague's month with something out of the ordinary.

`benign_month(seed)` is a team's log with up to three such events. Each has a twin among the stories
of `takeovers`: the same kinds of rows for an honest reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from helpers.sandbox.activity_log import ActivityLog
from helpers.sandbox.team_month import DAY, HOUR, MINUTE, NOW, Colleague, TeamMonth

__all__ = ["EVENTS", "benign_event", "benign_month"]

_Event = Callable[[TeamMonth], None]
_EVENTS: Final[dict[str, _Event]] = {}


def _event(play: _Event) -> _Event:
    _EVENTS[play.__name__.removeprefix("_")] = play
    return play


def benign_month(seed: str, *names: str) -> ActivityLog:
    """A month with these events, or with one to three that are drawn."""
    month = TeamMonth(f"benign/{'/'.join(names)}/{seed}")
    month.ordinary_days()
    drawn = names or month.dice.sample(sorted(_EVENTS), month.dice.randint(1, 3))
    for name in drawn:
        _EVENTS[name](month)
    return month.activity


def benign_event(month: TeamMonth) -> None:
    """Add one event to a month."""
    _EVENTS[month.dice.choice(sorted(_EVENTS))](month)


def _workday(month: TeamMonth, who: Colleague, midnight: int) -> float:
    """Some time in their working day."""
    return midnight + who.starts - who.zone + month.dice.uniform(0.2, 5) * HOUR


def _days_from(midnight: int, count: int) -> range:
    return range(midnight, min(midnight + count * DAY, NOW), DAY)


@_event
def _holiday(month: TeamMonth) -> None:
    """A colleague checks in from hotels, in another country and at their hours."""
    who, shift = month.someone(), month.dice.uniform(-9, 9) * HOUR
    days = _days_from(month.day(0.2, 0.8), month.dice.randint(4, 14))
    month.clear(who, days.start, days.stop)
    for midnight in days:
        if month.chance(0.5):
            ip = month.address(month.network())
            at = month.log_in(who, midnight + 10 * HOUR + shift, ip)
            month.act(who, "macro_update", at + 9 * MINUTE, ip)
            if month.chance(0.15):  # somebody asked for it
                month.act(who, "conversation_pdf_export", at + 20 * MINUTE, ip)


@_event
def _new_laptop(month: TeamMonth) -> None:
    """Mistyped passwords, and the second factor moves to the new device."""
    who = month.someone()
    at = _workday(month, who, month.day())
    ip = month.place(who, at)
    at = month.log_in(who, at, ip, failures=month.dice.randint(2, 6))
    off, on = "disabled two-factor authentication.", "enabled two-factor authentication."
    month.act(who, "admin_two_factor_auth_change", at + 4 * MINUTE, ip, f"{who.email} {off}")
    month.act(who, "admin_two_factor_auth_change", at + 9 * MINUTE, ip, f"{who.email} {on}")


@_event
def _forgotten_password(month: TeamMonth) -> None:
    """Failures from home, a reset, then a normal day."""
    who = month.someone()
    at = _workday(month, who, month.day())
    home = who.home_at(at)
    for number in range(month.dice.randint(3, 10)):
        month.act(who, "admin_login_failure", at + number * 40, home)
    month.act(who, "admin_password_reset_request", at + 9 * MINUTE, home)
    month.act(who, "admin_password_reset_success", at + 12 * MINUTE, home)
    month.log_in(who, at + 13 * MINUTE, home)
    month.act(who, "macro_update", at + 40 * MINUTE, home)


@_event
def _off_site(month: TeamMonth) -> None:
    """Most of the team works from a conference hotel for a few days, duties included."""
    hotel, days = month.network(), _days_from(month.day(0.2, 0.85), month.dice.randint(2, 4))
    for who in month.people:
        if month.chance(0.8):
            month.relocate(who, days.start, days.stop, hotel)
            at = month.log_in(who, _workday(month, who, days.start), month.address(hotel))
            if month.chance(0.2):
                month.act(who, _duty(month, who), at + 30 * MINUTE, month.address(hotel))


@_event
def _office_move(month: TeamMonth) -> None:
    """From one day on the whole office has another network."""
    new, first = month.network(), month.day(0.3, 0.7)
    for who in month.people:
        month.relocate(who, first, NOW, new, only=month.office)
        if month.chance(who.office_share):  # unpacking first, then work
            at = month.log_in(who, _workday(month, who, first), f"{new}.10")
            if month.chance(0.2):
                month.act(who, _duty(month, who), at + HOUR, f"{new}.10")


@_event
def _new_gateway(month: TeamMonth) -> None:
    """A VPN is rolled out: one colleague after another appears behind its addresses."""
    gateway, first = month.network(), month.day(0.2, 0.5)
    for who in month.people:
        begin = first + month.dice.randint(0, 6) * DAY
        month.relocate(who, begin, NOW, gateway)
        at = month.log_in(who, _workday(month, who, begin), month.address(gateway))
        if month.chance(0.1):
            month.act(who, _duty(month, who), at + HOUR, month.address(gateway))


@_event
def _on_call_at_night(month: TeamMonth) -> None:
    """A developer is woken and repairs an integration from home."""
    who = month.someone("developer")
    for _ in range(month.dice.randint(1, 3)):
        at = month.day(0.1) + month.dice.uniform(0.5, 5) * HOUR - who.zone
        home = who.home_at(at)
        at = month.log_in(who, at, home, failures=month.dice.choice((0, 0, 1, 2)))
        kinds = ("app_webhook_deletion", "app_webhook_creation", "app_package_token_regeneration")
        for kind in month.dice.sample(kinds, month.dice.randint(1, 2)):
            at += month.dice.uniform(3, 30) * MINUTE
            month.act(who, kind, at, home)


@_event
def _mass_import(month: TeamMonth) -> None:
    """A backup is exported, files imported, duplicates deleted, on a weekend too."""
    who = month.someone("owner", "analyst", "developer")
    at: float = month.day() + month.dice.choice((0, 1, 2)) * DAY + 11 * HOUR
    place = month.place(who, at)
    month.log_in(who, at, place)
    month.act(who, "bulk_export", at + 5 * MINUTE, place)
    for number in range(month.dice.randint(5, 40)):
        month.act(who, "csv_import_creation", at + (10 + 4 * number) * MINUTE, place)
    month.act(who, "bulk_delete", at + 4 * HOUR, place)


@_event
def _moved_house(month: TeamMonth) -> None:
    """A colleague has another provider from now on."""
    who, first, network = month.someone(), month.day(0.2, 0.7), month.network()
    for old in tuple(who.homes):
        month.relocate(who, first, NOW, network, only=old)
    who.move(f"{network}.10", first)
    at = month.log_in(who, _workday(month, who, first), f"{network}.10")
    if month.chance(0.3):
        month.act(who, _duty(month, who), at + HOUR, f"{network}.10")


@_event
def _new_colleagues(month: TeamMonth) -> None:
    """Invited, joined from home, given a role, and at work within days."""
    owner, first = month.someone("owner"), month.day(0.2, 0.8)
    for _ in range(month.dice.randint(1, 3)):
        new = month.hire(month.dice.choice(("agent", "lead", "analyst")), since=NOW)
        at = _workday(month, owner, first)
        ip = month.place(owner, at)
        month.act(owner, "admin_invite_creation", at, ip, f"{owner.email} invited {new.email}.")
        joined = at + month.dice.uniform(0.2, 30) * HOUR
        month.act(new, "app_admin_join", joined, new.home)
        said = f"{owner.email} gave {new.email} permissions."
        month.act(owner, "admin_permission_change", at + 30 * MINUTE, ip, said)
        for midnight in _days_from(first + 2 * DAY, 20):
            if month.chance(0.6):
                start = month.log_in(new, _workday(month, new, midnight), new.home)
                if month.chance(0.1):
                    month.act(new, _duty(month, new), start + HOUR, new.home)


@_event
def _leavers(month: TeamMonth) -> None:
    """Accounts are removed, tokens revoked and regenerated, in one sitting."""
    who = month.someone("owner")
    at = _workday(month, who, month.day())
    ip = month.place(who, at)
    month.log_in(who, at, ip)
    for kind in ("admin_deletion", "oauth_token_revocation", "app_package_token_regeneration"):
        at += month.dice.uniform(2, 20) * MINUTE
        month.act(who, kind, at, ip)


@_event
def _hardening(month: TeamMonth) -> None:
    """Single sign-on becomes mandatory, and everybody enrols a second factor."""
    owner, first = month.someone("owner"), month.day(0.2, 0.8)
    at = _workday(month, owner, first)
    ip = month.place(owner, at)
    month.log_in(owner, at, ip)
    for number, kind in enumerate(("app_authentication_method_change", "security_settings_change")):
        month.act(owner, kind, at + (5 + number * 8) * MINUTE, ip)
    for who in month.people:
        then = _workday(month, who, first + month.dice.randint(1, 4) * DAY)
        where = month.place(who, then)
        if month.chance(0.2):
            month.act(who, "admin_unauthorized_sign_in_method", then - 3 * MINUTE, where)
        month.log_in(who, then, where)
        said = f"{who.email} enabled two-factor authentication."
        month.act(who, "admin_two_factor_auth_change", then + 6 * MINUTE, where, said)


@_event
def _support_case(month: TeamMonth) -> None:
    """An owner consents, and Intercom's staff repairs something within days."""
    owner, first = month.someone("owner"), month.day(0.2, 0.8)
    at = _workday(month, owner, first)
    month.act(owner, "admin_impersonation_consent_approved", at, month.place(owner, at))
    staff = month.address(month.network())
    at += month.dice.uniform(1, 90) * HOUR
    month.act(owner, "admin_impersonation_start", at, staff)
    kinds = ("help_center_settings_change", "message_state_change", "ruleset_creation")
    month.act(owner, month.dice.choice(kinds), at + 10 * MINUTE, staff)
    month.act(owner, "admin_impersonation_end", at + 25 * MINUTE, staff)


@_event
def _request_for_records(month: TeamMonth) -> None:
    """A lawyer needs conversations: exported one at a time, from the usual place."""
    who = month.someone("lead", "agent", "owner")
    at = _workday(month, who, month.day())
    ip = month.place(who, at)
    month.log_in(who, at, ip)
    for number in range(month.dice.randint(10, 60)):
        month.act(who, "conversation_pdf_export", at + number * 2 * MINUTE, ip)


@_event
def _migration(month: TeamMonth) -> None:
    """A developer connects a warehouse over some days: app, token, webhooks, exports."""
    who, first = month.someone("developer"), month.day(0.2, 0.8)
    kinds = (
        *("app_package_installation", "app_package_token_regeneration", "app_webhook_creation"),
        *("app_data_export", "app_webhook_creation", "app_webhook_deletion"),
    )
    for midnight, kind in zip(_days_from(first, 9), kinds, strict=False):
        at = _workday(month, who, midnight)
        ip = month.place(who, at)
        month.log_in(who, at, ip)
        month.act(who, kind, at + month.dice.uniform(5, 200) * MINUTE, ip)


@_event
def _back_from_leave(month: TeamMonth) -> None:
    """After months away: a forgotten password, another provider, and questions to catch up on."""
    who = month.hire(month.dice.choice(("agent", "lead")), since=NOW)
    month.log_in(who, month.start - month.dice.randint(95, 200) * DAY, who.home)
    home, at = month.address(month.network()), _workday(month, who, month.day())
    month.log_in(who, at, home, failures=month.dice.randint(0, 5))
    month.act(who, "admin_away_mode_change", at + 5 * MINUTE, home)
    month.act(who, "macro_update", at + 50 * MINUTE, home)


@_event
def _key_rotation(month: TeamMonth) -> None:
    """The keys of every app are replaced in an afternoon."""
    who = month.someone("developer", "owner")
    at = _workday(month, who, month.day())
    ip = month.place(who, at)
    month.log_in(who, at, ip)
    kinds = ("messenger_api_secret_creation", "messenger_api_secret_deletion")
    for kind in (*["app_package_token_regeneration"] * month.dice.randint(2, 5), *kinds):
        at += month.dice.uniform(3, 15) * MINUTE
        month.act(who, kind, at, ip)


@_event
def _end_of_quarter(month: TeamMonth) -> None:
    """An analyst exports reports until late, from home."""
    who, first = month.someone("analyst"), month.day(0.2, 0.85)
    for midnight in _days_from(first, 4):
        at = midnight + month.dice.uniform(17, 23) * HOUR - who.zone
        home = who.home_at(at)
        month.log_in(who, at, home)
        for _ in range(month.dice.randint(1, 4)):
            at += month.dice.uniform(5, 40) * MINUTE
            month.act(who, month.dice.choice(("bulk_export", "app_data_export")), at, home)


@_event
def _business_trip(month: TeamMonth) -> None:
    """Trains, airports and a customer's network: an address after the other, ordinary work."""
    who, days = month.someone(), _days_from(month.day(0.2, 0.85), month.dice.randint(2, 4))
    month.clear(who, days.start, days.stop)
    for midnight in days:
        for _ in range(month.dice.randint(1, 3)):
            ip, at = month.address(month.network()), _workday(month, who, midnight)
            month.log_in(who, at, ip, failures=month.dice.choice((0, 0, 1, 2)))
            month.act(who, "admin_away_mode_change", at + 5 * MINUTE, ip)
            if month.chance(0.15):
                month.act(who, _duty(month, who), at + 20 * MINUTE, ip)


@_event
def _spring_cleaning(month: TeamMonth) -> None:
    """Old webhooks, apps, macros and conversations go."""
    who = month.someone("owner", "developer")
    at = _workday(month, who, month.day())
    ip = month.place(who, at)
    month.log_in(who, at, ip)
    for kind in (
        *["app_webhook_deletion"] * month.dice.randint(1, 4),
        *("app_package_uninstallation", "bulk_delete", "admin_invite_deletion"),
    ):
        at += month.dice.uniform(2, 15) * MINUTE
        month.act(who, kind, at, ip)


_USUAL_DUTY: Final = {
    "owner": ("admin_permission_change", "inbox_access_change", "admin_invite_creation"),
    "developer": ("app_webhook_creation", "app_webhook_deletion"),
    "analyst": ("bulk_export", "macro_usage_export"),
    "lead": ("conversation_pdf_export", "inbox_access_change"),
    "agent": ("conversation_pdf_export", "macro_update", "macro_update", "macro_update"),
}


def _duty(month: TeamMonth, who: Colleague) -> str:
    """Something that belongs to their work."""
    return month.dice.choice(_USUAL_DUTY[who.role])


EVENTS: Final[Mapping[str, str]] = {
    name: (play.__doc__ or "").strip() for name, play in _EVENTS.items()
}
