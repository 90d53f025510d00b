"""What a test turns: clock, faults, behaviours, limits, allowlist, activity; and what it reads."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse, Response

from helpers.sandbox.behaviours import Behaviours
from helpers.sandbox.faults import Fault
from helpers.sandbox.generated import Block
from helpers.sandbox.limits import Limiter, RateLimit
from helpers.sandbox.reading import read
from helpers.sandbox.workspace import Item, Workspace

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["ROUTES", "make_workspace", "read_object"]

_YEAR: Final = 365 * 86_400
_MOST_ROWS: Final = 10**12


async def make_workspace(request: Request) -> Response:
    """Make a workspace anew: name, seed (`demo` or `clean`), clock (ISO 8601, or `now`), region."""
    try:
        body = await read_object(request)
        choices: Item = {key: body[key] for key in ("seed", "region") if key in body}
        if "clock" in body:
            choices["clock"] = None if body["clock"] == "now" else _moment(body["clock"])
        workspace = request.state.sandbox.reset(body["name"], **choices)
    except (KeyError, TypeError, ValueError) as error:
        return JSONResponse({"error": f"there is no such choice: {error}"}, 400)
    return JSONResponse({"name": body["name"]} | describe(workspace, {}, {}))


async def read_object(request: Request) -> Item:
    """The body. Raises ValueError where it is no JSON object."""
    body = json.loads(await request.body() or b"{}")
    if not isinstance(body, dict):
        raise ValueError("the body must be an object")  # noqa: TRY004 - the hub answers 400
    return body


def describe(workspace: Workspace, _body: Item, _path: dict[str, str]) -> Item:
    """The workspace in short."""
    return {
        "seed": workspace.seed,
        "id_code": workspace.id_code,
        "region": workspace.region,
        "now": workspace.clock.present.isoformat(),
        "identity_verification": workspace.identity_verification,
        "behaviours": vars(workspace.behaviours),
        "rate_limit": vars(workspace.limiter.limit),
    }


def change(workspace: Workspace, body: Item, _path: dict[str, str]) -> Item:
    """Change region or identity verification."""
    workspace.region = body.get("region", workspace.region)
    on = body.get("identity_verification", workspace.identity_verification)
    workspace.identity_verification = bool(on)
    return describe(workspace, {}, {})


def set_clock(workspace: Workspace, body: Item, _path: dict[str, str]) -> Item:
    """Set the clock (`now`), move it (`advance`, seconds), or let it claim another (`skew`)."""
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


def set_behaviours(workspace: Workspace, body: Item, _path: dict[str, str]) -> Item:
    """Set some behaviours; the others stay."""
    workspace.behaviours = read(Behaviours, vars(workspace.behaviours) | body)
    return vars(workspace.behaviours)


def add_fault(workspace: Workspace, body: Item, _path: dict[str, str]) -> list[Item]:
    """Set a fault beside those that are set."""
    workspace.faults.active.append(read(Fault, body))
    return list_faults(workspace, {}, {})


def list_faults(workspace: Workspace, _body: Item, _path: dict[str, str]) -> list[Item]:
    """The faults that are set, and how often each struck."""
    return [vars(fault) for fault in workspace.faults.active]


def clear_faults(workspace: Workspace, _body: Item, _path: dict[str, str]) -> list[Item]:
    """No faults any more."""
    workspace.faults.active.clear()
    return []


def set_rate_limit(workspace: Workspace, body: Item, _path: dict[str, str]) -> Item:
    """Other limits: calls per `app` and per `workspace` in a `window` of so many seconds."""
    limit = read(RateLimit, body)
    workspace.limiter = Limiter(limit)
    return vars(limit)


def set_allowlist(workspace: Workspace, body: Item, _path: dict[str, str]) -> Item:
    """Set the IP allowlist, without the protection from locking oneself out."""
    for entry in body.get("ip_allowlist", ()):
        ipaddress.ip_network(entry, strict=False)
    workspace.allowlist |= {k: body[k] for k in ("enabled", "ip_allowlist") if k in body}
    return workspace.allowlist


def generate_activity(workspace: Workspace, body: Item, _path: dict[str, str]) -> Item:
    """Add `count` computed rows between `oldest` and `newest` (default: the last year)."""
    newest = int(body.get("newest", workspace.now))
    oldest = int(body.get("oldest", newest - _YEAR))
    count = int(body["count"])
    if not 0 < count <= _MOST_ROWS or not 0 <= oldest <= newest:
        raise ValueError(f"count is 1 to {_MOST_ROWS}, oldest not after newest")
    workspace.activity.block = Block(count, oldest, newest)
    return {"rows": len(workspace.activity.select(0, max(newest, workspace.now)))}


def add_activity(workspace: Workspace, body: Item, _path: dict[str, str]) -> Item:
    """Write one row: activity_type, description, by (an admin's id), at, ip, metadata."""
    return workspace.activity.record(
        body["activity_type"],
        body.get("description", ""),
        at=int(body.get("at", workspace.now)),
        by=workspace.admins[str(body["by"])],
        ip=body.get("ip", "192.0.2.10"),
        metadata=body.get("metadata"),
    )


def list_requests(workspace: Workspace, _body: Item, _path: dict[str, str]) -> list[Item]:
    """The calls the API of this workspace has received: method, path, route, status."""
    return list(workspace.requests)


def forget_requests(workspace: Workspace, _body: Item, _path: dict[str, str]) -> list[Item]:
    """Forget them."""
    workspace.requests.clear()
    return []


Action = Callable[[Workspace, Item, dict[str, str]], Any]
ROUTES: Final[tuple[tuple[str, str, Action], ...]] = (
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
    ("DELETE", "/requests", forget_requests),
)
