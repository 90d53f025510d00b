"""Prove that an access token is alive and the right one, and that another one is dead.

`GET /me` is the call. A failing /me does not prove a dead token (its scope may be missing, the
address not on the allowlist, the app suspended), so error codes with a control prove a revocation:
the old token answered 200 to this same call earlier in the rotation, now answers 401 twice with a
code that means "dead", and the new one answers 200 in between, on the same host.

`GET /me` does not name scopes. Each scope that guards a read is probed with a read of one record;
scopes that only guard writes can't be seen this way and are left to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    "MeCall",
    "ScopeProbe",
    "alive",
    "compare_scopes",
    "prove_dead",
    "readable_scopes",
    "verify",
]

# Codes of a 401 that say that the token itself no longer exists. `token_unauthorized` means a
# missing scope; `token_suspended` and `token_blocked` may be lifted. They prove nothing.
DEAD: Final = frozenset({"unauthorized", "token_not_found", "token_revoked", "token_expired"})

_OK: Final = 200
_DENIED: Final = 401
_LIMITED: Final = 429
_SERVER: Final = 500

MeCall = Callable[[SecretStr], ApiResponse]  # GET /me with this token; raises UnreachableError
ScopeProbe = Callable[[SecretStr], frozenset[str]]  # the scopes that probing shows


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


def compare_scopes(probe: ScopeProbe, new: SecretStr, before: frozenset[str]) -> ProbeResult:
    """Check that the new token has no more scopes than the old one, as far as probing shows."""
    try:
        found = probe(new)
    except CollectionError as error:
        return ProbeResult(ProbeOutcome.TRY_AGAIN, str(error))
    wider = sorted(found - before)
    detail = {"scopes": sorted(found), "wider": wider}
    if wider:
        message = f"The new key has more scopes than the old one: {', '.join(wider)}. Clear these "
        message += "scopes, which creates another token, or use --allow-wider."
        return ProbeResult(ProbeOutcome.REFUTED, message, detail)
    return ProbeResult(ProbeOutcome.PROVEN, "It has no more scopes than the old key.", detail)


def prove_dead(
    ask: MeCall, old: SecretStr, new: SecretStr | None, *, seen_alive: bool
) -> ProbeResult:
    """Check that the old token is dead. Without `new` (no live key yet) there is no control."""
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
    return _judge_dead(first, second, control, detail, seen_alive=seen_alive or new is None)


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
        message = "The old key never answered 200 in this rotation, so its refusal proves nothing."
        return ProbeResult(ProbeOutcome.UNCLEAR, message, detail)
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


def readable_scopes(client: Client) -> frozenset[str]:
    """The scopes that at least one read proves.

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
    return frozenset(PROBED[a.call] for a in answers if a.reading is Reading.ADMITTED)


def _unanswered(answer: ProbeAnswer) -> bool:
    return answer.status in (0, _LIMITED) or answer.status >= _SERVER
