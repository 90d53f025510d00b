"""The developer hub and the controls of a test: `…/_hub/…`. Intercom has no such API."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

from helpers.sandbox import clicks, controls

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["application"]


def _action(function: controls.Action) -> Callable[[Request], Any]:
    """Make a route of a function of the workspace, the body and the path."""

    async def call(request: Request) -> Response:
        sandbox, name = request.state.sandbox, request.state.name
        try:
            body = await controls.read_object(request)
            found = function(sandbox.workspace(name), body, dict(request.path_params))
        except KeyError as error:
            return JSONResponse({"error": f"there is no {error.args[0]!r}"}, 404)
        except (ValueError, TypeError, OverflowError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(found)

    return call


application: Final = Router(
    [
        *(
            Route(path, _action(function), methods=[method])
            for method, path, function in (*clicks.ROUTES, *controls.ROUTES)
        ),
        Route("/workspaces", controls.make_workspace, methods=["POST"]),
    ]
)
