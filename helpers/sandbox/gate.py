"""The checks of every call, in order: token, address, rate limit, version, plan, permission.

Intercom documents that the token comes before the address; the rest of the order is the sandbox's
choice, and whether a missing id is reported before a missing permission is a behaviour.
"""

from __future__ import annotations

from typing import Final

from helpers.sandbox.api import PREVIEWS, SandboxCall, SandboxEndpoint
from helpers.sandbox.apps import SandboxApp, Token
from helpers.sandbox.responses import Refusal, SandboxResponse
from helpers.sandbox.scopes import BESIDES, IMPLIED, scope_of
from helpers.sandbox.workspace import SandboxWorkspace

__all__ = ["admit", "authenticate", "version_of"]

_VERSIONS: Final = frozenset(
    (*(f"1.{n}" for n in range(5)), *(f"2.{n}" for n in range(19)), *PREVIEWS)
)
_TOKEN_MESSAGES: Final = {
    "token_revoked": "Access token has been revoked",
    "token_expired": "Access token has expired",
    "token_not_found": "Unauthorized",
    "token_suspended": "Unauthorized token, suspended application",
}


def authenticate(workspace: SandboxWorkspace, authorization: str) -> tuple[SandboxApp, Token]:
    """The app behind a bearer token. Raises Refusal (401)."""
    behaviours = workspace.behaviours
    scheme, _, value = authorization.partition(" ")
    owner = workspace.owner_of(value.strip()) if scheme.lower() == "bearer" else None
    if owner is None:
        raise _unauthorized(behaviours.unknown_code)
    app, token = owner
    state = token.state(workspace.now)
    if app.suspended:
        raise _unauthorized("token_suspended")
    if state != "live":
        raise _unauthorized(
            behaviours.revoked_code if state == "revoked" else behaviours.expired_code
        )
    return app, token


def version_of(header: str | None, app: SandboxApp) -> str:
    """The version of a call: its header, else the app's. Raises Refusal (400)."""
    version = header or app.version
    if version not in _VERSIONS:
        message = "The requested version could not be found."
        raise Refusal(400, "intercom_version_invalid", message)
    return version


def admit(call: SandboxCall, endpoint: SandboxEndpoint) -> SandboxResponse:
    """Check the rest and call the handler. Raises Refusal."""
    _check_address(call)
    headers = call.workspace.limiter.take(call.app.id)
    try:
        answer = _answer(call, endpoint)
    except Refusal as refusal:
        refusal.headers = headers | refusal.headers
        raise
    answer.headers = headers | answer.headers
    return answer


def _answer(call: SandboxCall, endpoint: SandboxEndpoint) -> SandboxResponse:
    if not endpoint.exists_in(call.version):
        message = "Requested resource is not available in current API version."
        raise Refusal(400, "intercom_version_invalid", message)
    behaviours = call.workspace.behaviours
    if endpoint.route in behaviours.plan_restricted:
        raise Refusal(403, "api_plan_restricted", "Active subscription needed.")
    if not behaviours.lookup_before_scope:
        _check_scope(call, endpoint)
    if endpoint.lookup:
        call.found = endpoint.lookup(call)
    if behaviours.lookup_before_scope:
        _check_scope(call, endpoint)
    return endpoint.handler(call)


def _check_address(call: SandboxCall) -> None:
    allowlist = call.workspace.allowlist
    entries = allowlist["ip_allowlist"]
    # on, but empty: Intercom admits everyone
    if allowlist["enabled"] and entries and not call.from_network(entries):
        message = "Your IP address is not on the allowlist for API access"
        raise Refusal(403, call.workspace.behaviours.ip_code, message)


def _check_scope(call: SandboxCall, endpoint: SandboxEndpoint) -> None:
    behaviours = call.workspace.behaviours
    wanted = [behaviours.guards.get(endpoint.route) or scope_of(endpoint.route)]
    for (route, name, value), scope in BESIDES.items():
        if route == endpoint.route and call.query.get(name) == value:
            wanted.append(scope)
    granted = call.app.scopes
    if behaviours.write_implies_read:
        granted |= {IMPLIED[s] for s in granted if s in IMPLIED}
    missing = [scope for scope in wanted if scope not in granted]
    if not missing:
        return
    if behaviours.missing_scope_shape == 401:  # noqa: PLR2004 - the HTTP status
        raise Refusal(401, "token_unauthorized", "Not authorized to access resource")
    message = f"You do not have the required scope ({missing[0]}) to access this resource"
    raise Refusal(403, "forbidden", message)


def _unauthorized(code: str) -> Refusal:
    return Refusal(401, code, _TOKEN_MESSAGES.get(code, "Access Token Invalid"))
