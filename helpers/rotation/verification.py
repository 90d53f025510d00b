"""Prove that an access token is alive and the right one, and that another one is dead.

`GET /me` is the call. A failing /me does not prove a dead token (its scope may be missing, the
address not on the allowlist, the app suspended), so error codes with a control prove a revocation:
the old token answered 200 to this same call earlier in the rotation, now answers 401 twice with a
code that means "dead", and the new one answers 200 in between, on the same host.

`GET /me` does not name scopes. Each scope that guards a read is probed with a read of one record;
scopes that only guard writes can't be seen this way and are left to a person. So is a scope whose
probes say nothing (no record, the plan, a page of a proxy): unknown is not "no wider".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import SecretStr

from helpers.core.click_paths import click_path
from helpers.core.errors import CollectionError, UnreachableError
from helpers.intercom.client import Client
from helpers.intercom.responses import ApiResponse
from helpers.rotation.procedure import ProbeOutcome, ProbeResult
from helpers.scopes.probes import probe_reads
from helpers.scopes.records import ProbeAnswer, Reading
from helpers.scopes.verdicts import PROBED

__all__ = [
    "DEAD",
    "NO_WIDER",
    "OLD_REVOKED",
    "MeCall",
    "ScopeProbe",
    "ScopeReach",
    "alive",
    "compare_scopes",
    "probe_reach",
    "prove_dead",
    "verify",
]

# Codes of a 401 that say that the token itself no longer exists. `token_unauthorized` means a
# missing scope; `token_suspended` and `token_blocked` may be lifted. They prove nothing.
DEAD: Final = frozenset({"unauthorized", "token_not_found", "token_revoked", "token_expired"})

# what a person may confirm where no program can check it
NO_WIDER: Final = "no wider scopes"
OLD_REVOKED: Final = "old token revoked"

_OK: Final = 200
_DENIED: Final = 401
_LIMITED: Final = 429
_SERVER: Final = 500

MeCall = Callable[[SecretStr], ApiResponse]  # GET /me with this token; raises UnreachableError


@dataclass(frozen=True)
class ScopeReach:
    """The scopes that a token's probes show, and those of which every probe said nothing."""

    readable: frozenset[str]
    unclear: frozenset[str] = frozenset()

    @property
    def detail(self) -> dict[str, list[str]]:
        """As the ledger keeps it."""
        return {"scopes": sorted(self.readable), "unclear": sorted(self.unclear)}


ScopeProbe = Callable[[SecretStr], ScopeReach]


def alive(ask: MeCall, token: SecretStr) -> ProbeResult:
    """Check that the token answers 200. The details name its workspace and region."""
    answer = _asked(ask, token)
    if isinstance(answer, ProbeResult):
        return answer
    seen = _seen(answer)
    if answer.status != _OK:
        message = f"GET /me returned {answer.status} ({answer.code or 'no code'}). "
        message += answer.error().advice
        return ProbeResult(ProbeOutcome.REFUTED, message, seen)
    if not _is_intercoms(answer):
        message = "GET /me returned 200 without a teammate: is a proxy answering for Intercom?"
        return ProbeResult(ProbeOutcome.UNCLEAR, message, seen)
    return ProbeResult(ProbeOutcome.PROVEN, "GET /me returns 200.", {**seen, **_place(answer)})


def verify(ask: MeCall, new: SecretStr, expected: Mapping[str, Any]) -> ProbeResult:
    """Check that the new token works in the old one's workspace and region."""
    result = alive(ask, new)
    if not result.proven:
        return result
    for name in ("workspace", "region"):
        found, wanted = result.detail[name], expected.get(name)
        if wanted and not found:
            message = f"GET /me no longer says which {name} a key belongs to: check it yourself."
            return ProbeResult(ProbeOutcome.UNCLEAR, message, result.detail)
        if wanted and found != wanted:
            message = (
                f"The new key belongs to {name} {found}, the old one to {wanted}. Take the key "
            )
            message += f"of the right workspace: {click_path('hub_app_workspaces')}."
            return ProbeResult(ProbeOutcome.REFUTED, message, result.detail)
    return result


def compare_scopes(probe: ScopeProbe, new: SecretStr, before: Mapping[str, Any]) -> ProbeResult:
    """Check that the new token has no more scopes than the old one, as far as probing shows.

    `before` holds the old token's `ScopeReach.detail`, if it could be probed. A scope counts as no
    wider only where both tokens' probes say so; for the others a person has to confirm it.
    """
    try:
        found = probe(new)
    except CollectionError as error:
        return ProbeResult(ProbeOutcome.TRY_AGAIN, str(error))
    if "scopes" not in before:
        message = "The old key's scopes were never seen, so the new key's can't be compared."
        return _unknown_reach(message, found.detail)
    held, doubtful = frozenset(before["scopes"]), frozenset(before.get("unclear", ()))
    wider = sorted(found.readable - held - doubtful)
    unknown = sorted((found.readable & doubtful) | (found.unclear - held))
    detail = {**found.detail, "wider": wider, "unknown": unknown}
    if wider:
        message = f"The new key has more scopes than the old one: {', '.join(wider)}. Clear these "
        message += "scopes, which creates another token, or use --allow-wider."
        return ProbeResult(ProbeOutcome.REFUTED, message, detail)
    if unknown:
        message = (
            f"Probing does not show whether the new key has wider scopes: {', '.join(unknown)}."
        )
        return _unknown_reach(message, detail)
    return ProbeResult(ProbeOutcome.PROVEN, "It has no more scopes than the old key.", detail)


def _unknown_reach(message: str, detail: Mapping[str, Any]) -> ProbeResult:
    where = click_path("hub_app_scopes")
    message += f" Compare both apps' permissions ({where}), then confirm '{NO_WIDER}'."
    return ProbeResult(ProbeOutcome.NOT_YET, message, detail, attestable=NO_WIDER)


def prove_dead(
    ask: MeCall, old: SecretStr, new: SecretStr | None, *, seen_alive: bool
) -> ProbeResult:
    """Check that the old token is dead. Without `new` (no live key yet) there is no control.

    A token that was never seen alive may be a mistyped one, which is refused in the same words:
    then a person has to confirm that the real one was revoked.
    """
    answers = []
    for token in (old, *([new] if new else []), old):
        answer = _asked(ask, token)
        if isinstance(answer, ProbeResult):
            return answer
        answers.append(answer)
    first, *control, second = answers
    detail = {
        "old": [_seen(first), _seen(second)],
        "control": _seen(control[0]) if control else {},
        "seen_alive": seen_alive,
    }
    return _judge_dead(first, second, control, detail, seen_alive=seen_alive)


def _judge_dead(
    first: ApiResponse,
    second: ApiResponse,
    control: list[ApiResponse],
    detail: Mapping[str, Any],
    *,
    seen_alive: bool,
) -> ProbeResult:
    codes = f"{first.status} {first.code or 'no code'}, {second.status} {second.code or 'no code'}"
    if _OK in (first.status, second.status):
        return ProbeResult(ProbeOutcome.NOT_YET, "The old key still answers 200.", detail)
    if control and control[0].status == _OK and not _is_intercoms(control[0]):
        message = "GET /me with the new key, the control, returned 200 without a teammate."
        return ProbeResult(ProbeOutcome.UNCLEAR, message, detail)
    if control and control[0].status != _OK:
        message = f"The new key, the control, got {control[0].status} from GET /me."
        return ProbeResult(ProbeOutcome.UNCLEAR, message, detail)
    dead = all(a.status == _DENIED and a.code in DEAD for a in (first, second))
    if not dead:
        message = f"The old key is refused, but not with a code for a dead key ({codes})."
        return ProbeResult(ProbeOutcome.UNCLEAR, message, detail)
    if not seen_alive:
        message = "The old key never answered 200 in this rotation, so its refusal proves nothing. "
        message += f"Confirm '{OLD_REVOKED}' once the Developer Hub shows it."
        return ProbeResult(ProbeOutcome.NOT_YET, message, detail, attestable=OLD_REVOKED)
    return ProbeResult(ProbeOutcome.PROVEN, f"The old key is dead ({codes}).", detail)


def _asked(ask: MeCall, token: SecretStr) -> ApiResponse | ProbeResult:
    """The answer, or a result that says to try again later."""
    try:
        answer = ask(token)
    except UnreachableError as error:
        return ProbeResult(ProbeOutcome.TRY_AGAIN, str(error))
    if answer.status == _LIMITED or answer.status >= _SERVER:
        message = f"GET /me returned {answer.status}. {answer.error().advice}"
        return ProbeResult(ProbeOutcome.TRY_AGAIN, message, _seen(answer))
    return answer


def _seen(answer: ApiResponse) -> dict[str, Any]:
    return {"status": answer.status, "code": answer.code, "request_id": answer.request_id}


def _is_intercoms(answer: ApiResponse) -> bool:
    """Whether the body is a teammate, as Intercom answers, and not a proxy's page."""
    body = answer.body
    return isinstance(body, dict) and body.get("type") == "admin" and bool(body.get("id"))


def _place(answer: ApiResponse) -> dict[str, str]:
    app = answer.body.get("app") if isinstance(answer.body, dict) else None
    app = app if isinstance(app, dict) else {}
    return {"workspace": str(app.get("id_code") or ""), "region": str(app.get("region") or "")}


def probe_reach(client: Client) -> ScopeReach:
    """What the reads show of each scope: unclear is one whose reads all say nothing.

    Raises IntercomError where the token is dead, and UnreachableError where a read got no answer:
    a scope that was not checked does not count as missing.
    """
    answers = probe_reads(client)
    for answer in answers:
        if _unanswered(answer):
            raise UnreachableError(
                f"{answer.call} said nothing about a scope ({answer.status or answer.code}).",
                "Wait a minute.",
            )
    readable = frozenset(PROBED[a.call] for a in answers if a.reading is Reading.ADMITTED)
    refused = frozenset(PROBED[a.call] for a in answers if a.reading is Reading.REFUSED)
    asked = frozenset(PROBED[a.call] for a in answers)
    return ScopeReach(readable, asked - readable - refused)


def _unanswered(answer: ProbeAnswer) -> bool:
    return answer.status in (0, _LIMITED) or answer.status >= _SERVER
