"""The developer hub and the test controls under `…/_hub/…`. Intercom has no such API.

The controls set the clock, faults, behaviours, limits, allowlist and activity of a workspace, and
list the calls it received.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

from helpers.sandbox.activity_log import ActivityBlock
from helpers.sandbox.faults import Fault
from helpers.sandbox.hub_actions import ROUTES, HubAction
from helpers.sandbox.hub_body import parse_body, read_object
from helpers.sandbox.limits import Limiter, RateLimit
from helpers.sandbox.workspace import Behaviours, JsonObject, SandboxWorkspace

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["application", "make_workspace"]

_YEAR: Final = 365 * 86_400
_MOST_ROWS: Final = 10**12


async def make_workspace(request: Request) -> Response:
    """Create a workspace again from `name`, `seed`, `clock` (ISO 8601 or `now`) and `region`."""
    try:
        body = await read_object(request)
        choices: JsonObject = {key: body[key] for key in ("seed", "region") if key in body}
        if "clock" in body:
            choices["clock"] = None if body["clock"] == "now" else _moment(body["clock"])
        workspace = request.state.sandbox.reset(body["name"], **choices)
    except (KeyError, TypeError, ValueError) as error:
        return JSONResponse({"error": f"invalid choice: {error}"}, 400)
    return JSONResponse({"name": body["name"]} | describe(workspace, {}, {}))


def describe(workspace: SandboxWorkspace, _body: JsonObject, _path: dict[str, str]) -> JsonObject:
    """A summary of the workspace."""
    return {
        "seed": workspace.seed,
        "id_code": workspace.id_code,
        "region": workspace.region,
        "now": workspace.clock.present.isoformat(),
        "identity_verification": workspace.identity_verification,
        "behaviours": vars(workspace.behaviours),
        "rate_limit": vars(workspace.limiter.limit),
    }


def change(workspace: SandboxWorkspace, body: JsonObject, _path: dict[str, str]) -> JsonObject:
    """Change region or identity verification."""
    workspace.region = body.get("region", workspace.region)
    on = body.get("identity_verification", workspace.identity_verification)
    workspace.identity_verification = bool(on)
    return describe(workspace, {}, {})


def set_clock(workspace: SandboxWorkspace, body: JsonObject, _path: dict[str, str]) -> JsonObject:
    """Set the clock (`now`), move it (`advance`, seconds), or skew `Date` headers (`skew`)."""
    if "now" in body:
        workspace.clock.set(_moment(body["now"]))
    workspace.clock.advance(float(body.get("advance", 0)))
    if "skew" in body:
        workspace.clock.skew = timedelta(seconds=float(body["skew"]))
    return {"now": workspace.clock.present.isoformat()}


def _moment(text: str) -> datetime:
    """An instant in ISO 8601 with its offset, in UTC. Raises ValueError for anything else."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no offset from UTC")
    return found.astimezone(UTC)


def set_behaviours(
    workspace: SandboxWorkspace, body: JsonObject, _path: dict[str, str]
) -> JsonObject:
    """Set some behaviours; the others are unchanged."""
    workspace.behaviours = parse_body(Behaviours, vars(workspace.behaviours) | body)
    return vars(workspace.behaviours)


def add_fault(
    workspace: SandboxWorkspace, body: JsonObject, _path: dict[str, str]
) -> list[JsonObject]:
    """Add a fault to those already set."""
    workspace.faults.active.append(parse_body(Fault, body))
    return list_faults(workspace, {}, {})


def list_faults(
    workspace: SandboxWorkspace, _body: JsonObject, _path: dict[str, str]
) -> list[JsonObject]:
    """The faults that are set, and how often each applied."""
    return [vars(fault) for fault in workspace.faults.active]


def clear_faults(
    workspace: SandboxWorkspace, _body: JsonObject, _path: dict[str, str]
) -> list[JsonObject]:
    """Remove all faults."""
    workspace.faults.active.clear()
    return []


def set_rate_limit(
    workspace: SandboxWorkspace, body: JsonObject, _path: dict[str, str]
) -> JsonObject:
    """Set the limits: calls per `app` and per `workspace` in a `window` of seconds."""
    limit = parse_body(RateLimit, body)
    workspace.limiter = Limiter(limit)
    return vars(limit)


def set_allowlist(
    workspace: SandboxWorkspace, body: JsonObject, _path: dict[str, str]
) -> JsonObject:
    """Set the IP allowlist, without the protection against locking yourself out."""
    for entry in body.get("ip_allowlist", ()):
        ipaddress.ip_network(entry, strict=False)
    workspace.allowlist |= {k: body[k] for k in ("enabled", "ip_allowlist") if k in body}
    return workspace.allowlist


def generate_activity(
    workspace: SandboxWorkspace, body: JsonObject, _path: dict[str, str]
) -> JsonObject:
    """Add `count` computed rows between `oldest` and `newest` (default: the last year)."""
    newest = int(body.get("newest", workspace.now))
    oldest = int(body.get("oldest", newest - _YEAR))
    count = int(body["count"])
    if not 0 < count <= _MOST_ROWS or not 0 <= oldest <= newest:
        raise ValueError(f"count is 1 to {_MOST_ROWS}, oldest not after newest")
    workspace.activity.block = ActivityBlock(count, oldest, newest)
    return {"rows": len(workspace.activity.select(0, max(newest, workspace.now)))}


def add_activity(
    workspace: SandboxWorkspace, body: JsonObject, _path: dict[str, str]
) -> JsonObject:
    """Write one row: activity_type, description, by (an admin's id), at, ip, metadata."""
    return workspace.activity.record(
        body["activity_type"],
        body.get("description", ""),
        at=int(body.get("at", workspace.now)),
        by=workspace.admins[str(body["by"])],
        ip=body.get("ip", "192.0.2.10"),
        metadata=body.get("metadata"),
    )


def list_requests(
    workspace: SandboxWorkspace, _body: JsonObject, _path: dict[str, str]
) -> list[JsonObject]:
    """The calls the API of this workspace has received: method, path, route, status."""
    return list(workspace.requests)


def clear_requests(
    workspace: SandboxWorkspace, _body: JsonObject, _path: dict[str, str]
) -> list[JsonObject]:
    """Clear the list of calls."""
    workspace.requests.clear()
    return []


_CONTROLS: Final[tuple[tuple[str, str, HubAction], ...]] = (
    ("GET", "/", describe),
    ("PUT", "/", change),
    ("PUT", "/clock", set_clock),
    ("PUT", "/behaviours", set_behaviours),
    ("GET", "/faults", list_faults),
    ("POST", "/faults", add_fault),
    ("DELETE", "/faults", clear_faults),
    ("PUT", "/rate_limit", set_rate_limit),
    ("PUT", "/ip_allowlist", set_allowlist),
    ("POST", "/activity", generate_activity),
    ("POST", "/activity/rows", add_activity),
    ("GET", "/requests", list_requests),
    ("DELETE", "/requests", clear_requests),
)


def _action(function: HubAction) -> Callable[[Request], Any]:
    """Turn a function of the workspace, the body and the path into a route."""

    async def call(request: Request) -> Response:
        sandbox, name = request.state.sandbox, request.state.name
        try:
            body = await read_object(request)
            found = function(sandbox.workspace(name), body, dict(request.path_params))
        except KeyError as error:
            return JSONResponse({"error": f"not found: {error.args[0]!r}"}, 404)
        except (ValueError, TypeError, OverflowError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(found)

    return call


application: Final = Router(
    [
        *(
            Route(path, _action(function), methods=[method])
            for method, path, function in (*ROUTES, *_CONTROLS)
        ),
        Route("/workspaces", make_workspace, methods=["POST"]),
    ]
)
