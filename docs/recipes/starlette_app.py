"""Intercom's webhooks in Starlette. Copy helpers/webhooks/signatures.py beside this file.

INTERCOM_CLIENT_SECRET=… uvicorn starlette_app:app
"""

import json
import os

from signatures import WEBHOOK, Verifier
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

verifier = Verifier(os.environ["INTERCOM_CLIENT_SECRET"])  # Verifier(new, old) during a rotation


async def receive(request: Request) -> Response:
    """Verify the raw body, then parse it, then answer at once."""
    if request.method == "HEAD":
        return Response()
    body = await raw_body(request)
    verdict = verifier.verify(body, request.headers.getlist(WEBHOOK.header))
    if not verdict:
        return PlainTextResponse(verdict.reason, 401)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return PlainTextResponse("no JSON", 400)
    if not isinstance(document, dict):
        return PlainTextResponse("no object", 400)
    act_upon(document)
    return PlainTextResponse("ok")


async def raw_body(request: Request) -> bytes:
    """The body as it arrived, read only up to the verifier's limit."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > verifier.max_body:
            break
    return body


def act_upon(document: dict[str, object]) -> None:
    """Put it on a queue: Intercom waits 5 s. Act once on an `id`, and on your own `app_id`."""


app = Starlette(routes=[Route("/webhooks/intercom", receive, methods=["POST", "HEAD"])])
