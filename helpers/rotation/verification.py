"""What proves that an access token is alive, the right one, and that another is dead.

`GET /me` is the call. A failing /me does not prove a dead token (its scope may be missing, the
address not on the allowlist, the app suspended), so a revocation is proven by codes, with a
control: the old token answered 200 on this very call earlier in the rotation, now answers 401 twice
with a code that means "dead", and the new one answers 200 in between, on the same host.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import SecretStr

from helpers.core.errors import CollectionError, UnreachableError
from helpers.intercom.responses import ApiResponse
from helpers.rotation.verdicts import Outlook, Verdict

__all__ = ["DEAD", "Ask", "Probe", "alive", "compare_scopes", "prove_dead", "verify"]

# Codes of a 401 that say that the token itself is no more. `token_unauthorized` is a missing scope,
# `token_suspended` and `token_blocked` may be lifted: they prove nothing.
DEAD: Final = frozenset({"unauthorized", "token_not_found", "token_revoked", "token_expired"})

_OK: Final = 200
_DENIED: Final = 401
_LIMITED: Final = 429
_SERVER: Final = 500

Ask = Callable[[SecretStr], ApiResponse]  # GET /me with this token; raises UnreachableError
Probe = Callable[[SecretStr], frozenset[str]]  # the scopes that probing shows


def alive(ask: Ask, token: SecretStr) -> Verdict:
    """Does the token answer 200? The detail names workspace and region, to compare with."""
    answer = _asked(ask, token)
    if isinstance(answer, Verdict):
        return answer
    seen = _seen(answer)
    if answer.status != _OK:
        say = f"GET /me was answered {answer.status} ({answer.code or 'no code'}). "
        say += answer.error().advice
        return Verdict(Outlook.REFUTED, say, seen)
    if not _is_intercoms(answer):
        say = "GET /me was answered 200, but with no teammate: does a proxy answer for Intercom?"
        return Verdict(Outlook.UNCLEAR, say, seen)
    return Verdict(Outlook.PROVEN, "It answers 200 on GET /me.", {**seen, **_place(answer)})


def verify(ask: Ask, new: SecretStr, expected: Mapping[str, Any]) -> Verdict:
    """Does the new token work in the workspace and region that the old one was seen in?"""
    verdict = alive(ask, new)
    if not verdict.proven:
        return verdict
    for name in ("workspace", "region"):
        found, wanted = verdict.detail[name], expected.get(name)
        if wanted and not found:
            say = f"GET /me no longer says which {name} a key belongs to: look at it yourself."
            return Verdict(Outlook.UNCLEAR, say, verdict.detail)
        if wanted and found != wanted:
            say = f"The new key belongs to {name} {found}, the old one to {wanted}. Take the key "
            say += "of the right workspace: Developer Hub > your app > Test & Publish."
            return Verdict(Outlook.REFUTED, say, verdict.detail)
    return verdict


def compare_scopes(probe: Probe, new: SecretStr, before: frozenset[str]) -> Verdict:
    """Does the new token reach no further than the old one did, as far as probing shows?"""
    try:
        found = probe(new)
    except CollectionError as error:
        return Verdict(Outlook.TRY_AGAIN, str(error))
    wider = sorted(found - before)
    detail = {"scopes": sorted(found), "wider": wider}
    if wider:
        say = f"The new key reaches further than the old one: {', '.join(wider)}. Untick these "
        say += "scopes, which makes yet another token, or say --allow-wider."
        return Verdict(Outlook.REFUTED, say, detail)
    return Verdict(Outlook.PROVEN, "It reaches no further than the old key.", detail)


def prove_dead(ask: Ask, old: SecretStr, new: SecretStr | None, *, seen_alive: bool) -> Verdict:
    """Is the old token dead? Without `new` (a gap without a live key) there is no control yet."""
    answers = []
    for token in (old, *([new] if new else []), old):
        answer = _asked(ask, token)
        if isinstance(answer, Verdict):
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
) -> Verdict:
    codes = f"{first.status} {first.code or 'no code'}, {second.status} {second.code or 'no code'}"
    if _OK in (first.status, second.status):
        return Verdict(Outlook.NOT_YET, "The old key still answers 200.", detail)
    if control and control[0].status != _OK:
        say = f"The new key, asked for comparison, was answered {control[0].status}."
        return Verdict(Outlook.UNCLEAR, say, detail)
    dead = all(a.status == _DENIED and a.code in DEAD for a in (first, second))
    if not dead:
        say = f"The old key is refused, but not as a dead one is ({codes})."
        return Verdict(Outlook.UNCLEAR, say, detail)
    if not seen_alive:
        say = "The old key was never seen alive in this rotation, so its refusal proves nothing."
        return Verdict(Outlook.UNCLEAR, say, detail)
    return Verdict(Outlook.PROVEN, f"The old key is dead ({codes}).", detail)


def _asked(ask: Ask, token: SecretStr) -> ApiResponse | Verdict:
    """The answer, or the advice to try again later."""
    try:
        answer = ask(token)
    except UnreachableError as error:
        return Verdict(Outlook.TRY_AGAIN, str(error))
    if answer.status == _LIMITED or answer.status >= _SERVER:
        say = f"GET /me was answered {answer.status}. {answer.error().advice}"
        return Verdict(Outlook.TRY_AGAIN, say, _seen(answer))
    return answer


def _seen(answer: ApiResponse) -> dict[str, Any]:
    return {"status": answer.status, "code": answer.code, "request_id": answer.request_id}


def _is_intercoms(answer: ApiResponse) -> bool:
    """A teammate: what Intercom answers, and no page of a proxy."""
    return isinstance(answer.body, dict) and bool(answer.body.get("id"))


def _place(answer: ApiResponse) -> dict[str, str]:
    app = answer.body.get("app") if isinstance(answer.body, dict) else None
    app = app if isinstance(app, dict) else {}
    return {"workspace": str(app.get("id_code") or ""), "region": str(app.get("region") or "")}
