"""The ASGI application: finds workspace, hub or API, and endpoint; then gate and faults apply.

`/w/<name>/…` is the workspace of that name, created and seeded on first use; all other paths belong
to `default`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response

from helpers.sandbox import endpoints as _registers  # noqa: F401
from helpers.sandbox import faults, gate, hub
from helpers.sandbox.api import ENDPOINTS, Router, SandboxCall, SandboxEndpoint
from helpers.sandbox.replies import Reply
from helpers.sandbox.responses import Refusal, SandboxResponse, error_response
from helpers.sandbox.visitors import objection
from helpers.sandbox.workspace import SandboxWorkspace

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

__all__ = ["LocalIntercom"]

MakeWorkspace = Callable[..., SandboxWorkspace]
_HUB: Final = "/_hub"
_MOST: Final = 1000  # workspaces; a test run uses some hundreds
_LONGEST: Final = 100  # characters of a workspace's name


class LocalIntercom:
    """All workspaces of one server."""

    def __init__(self, make: MakeWorkspace) -> None:
        self._make = make
        self._router = Router(ENDPOINTS)
        self.workspaces: dict[str, SandboxWorkspace] = {}

    def workspace(self, name: str) -> SandboxWorkspace:
        """The workspace of that name, created on first use."""
        if name not in self.workspaces:
            self.workspaces[name] = self._make()
        return self.workspaces[name]

    def reset(self, name: str, **choices: Any) -> SandboxWorkspace:
        """Create the workspace again from a seed, clock and region.

        Raises ValueError if there is no room for another one.
        """
        if not self._has_room(name):
            raise ValueError(f"no room: at most {_MOST} workspaces")
        self.workspaces[name] = self._make(**choices)
        return self.workspaces[name]

    def _has_room(self, name: str) -> bool:
        return name in self.workspaces or (len(self.workspaces) < _MOST and len(name) <= _LONGEST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if refused := objection(Request(scope)):
            await Response(f"{refused}\n", 403, media_type="text/plain")(scope, receive, send)
            return
        name, path = _split(scope["path"])
        if not self._has_room(name):
            full = f"There is room for {_MOST} workspaces with names up to {_LONGEST} characters.\n"
            await Response(full, 507, media_type="text/plain")(scope, receive, send)
            return
        if path == _HUB or path.startswith(f"{_HUB}/"):
            scope = {**scope, "path": path.removeprefix(_HUB) or "/", "state": {}}
            scope["state"] = {"sandbox": self, "name": name}
            await hub.application(scope, receive, send)
            return
        await self._serve(Request(scope, receive), send, self.workspace(name), path)

    async def _serve(
        self, request: Request, send: Send, workspace: SandboxWorkspace, path: str
    ) -> None:
        target = f"{request.method} {path}?{request.url.query}"
        found = self._router.find(request.method, path)
        route = found[0].path if found else path
        active = workspace.faults.for_call(request.method, route)
        body = await request.body()
        if "refuse" in active:
            faults.abort_connection(send)
            return
        try:
            if "status" in active:
                raise faults.fault_refusal(active["status"], workspace.limiter)
            answer = _answer(request, workspace, found, body)
        except Refusal as refusal:
            answer = error_response(refusal, "")
        id_ = workspace.request_id(f"{target} {request.headers.get('authorization', '')}")
        if isinstance(answer.body, dict) and answer.body.get("request_id") == "":
            answer.body["request_id"] = id_
        _record_request(workspace, request, path, route, answer.status)
        reply = _reply(answer, id_, workspace, active)
        misbehaviour = workspace.behaviours.misbehaviour(f"{request.method} {route}")
        if misbehaviour and answer.status < 300:  # noqa: PLR2004 - a success
            reply = misbehaviour.change(reply)
        if reply.stream:
            await reply.send_stream(send)
            return
        response = Response(reply.content, reply.status, reply.headers)
        await faults.deliver(response, active, request.scope, send)


def _split(path: str) -> tuple[str, str]:
    if path.startswith("/w/"):
        name, _, rest = path[3:].partition("/")
        return name or "default", f"/{rest}"
    return "default", path


def _answer(
    request: Request,
    workspace: SandboxWorkspace,
    found: tuple[SandboxEndpoint, dict[str, str]] | None,
    body: bytes,
) -> SandboxResponse:
    headers = request.headers
    if found is None:
        raise _no_such_route(accept=headers.get("accept"))
    app, token = gate.authenticate(workspace, headers.get("authorization", ""))
    endpoint, path = found
    query, given = dict(request.query_params), _json(body)
    misbehaviour = workspace.behaviours.misbehaviour(endpoint.route)
    if misbehaviour:
        query = misbehaviour.parameters(endpoint.route, query)
        given = misbehaviour.parameters(endpoint.route, given) if isinstance(given, dict) else given
    call = SandboxCall(
        workspace=workspace,
        app=app,
        token=token,
        version=gate.version_of(headers.get("intercom-version"), app),
        path=path,
        query=query,
        body=given,
        client_ip=workspace.behaviours.client_ip or (request.client or ("127.0.0.1",))[0],
        base_url=_base_url(request),
    )
    return gate.admit(call, endpoint)


def _base_url(request: Request) -> str:
    whole: str = request.scope["path"]
    return f"http://{request.headers.get('host')}{whole.removesuffix(_split(whole)[1])}"


def _no_such_route(*, accept: str | None) -> Refusal:
    """An unsupported method or path is 404, or 406 if the call has no Accept header."""
    if accept is None:
        return Refusal(406, "client_error", "An Accept header is required")
    return Refusal(404, "not_found", "The requested resource was not found")


def _json(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        raise Refusal(400, "bad_request", "The body is not valid JSON") from None


def _reply(
    answer: SandboxResponse, request_id: str, workspace: SandboxWorkspace, active: dict[str, Any]
) -> Reply:
    clock = workspace.clock.claimed + faults.skew(active)
    headers = answer.headers | {
        "X-Request-Id": request_id,
        "Date": format_datetime(clock, usegmt=True),
    }
    if answer.body is not None:
        headers["Content-Type"] = "application/json; charset=utf-8"
    return Reply(answer.status, headers, answer.body)


def _record_request(
    workspace: SandboxWorkspace, request: Request, path: str, route: str, status: int
) -> None:
    """Record the call for the hub: never a token or a body."""
    workspace.requests.append(
        {"method": request.method, "path": path, "route": route, "status": status}
    )
