"""gidgethub in Starlette, in the form that its boilerplate has: any exception is answered 500."""

from gidgethub import sansio  # type: ignore[import-not-found]
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from research.webhook_packages.python.serving import PATH, SECRET, serve_asgi


async def receive(request: Request) -> Response:
    try:
        sansio.Event.from_http(request.headers, await request.body(), secret=SECRET)
    except Exception:  # noqa: BLE001 (the boilerplate's)
        return Response(status_code=500)
    return Response()


serve_asgi(Starlette(routes=[Route(PATH, receive, methods=["POST"])]))
