"""Intercom's webhooks in FastAPI. Copy helpers/webhooks/signatures.py beside this file.

INTERCOM_CLIENT_SECRET=… uvicorn fastapi_app:app

The route takes the request itself: a pydantic parameter is parsed before your code runs.
"""

import json
import os

from fastapi import FastAPI, Request, Response
from signatures import WEBHOOK, Verifier

verifier = Verifier(os.environ["INTERCOM_CLIENT_SECRET"])  # Verifier(new, old) during a rotation
app = FastAPI()


@app.head("/webhooks/intercom")
async def reachable() -> Response:
    """Intercom checks that the address exists."""
    return Response()


@app.post("/webhooks/intercom")
async def receive(request: Request) -> Response:
    """Verify the raw body, then parse it, then answer at once."""
    body = await raw_body(request)
    verdict = verifier.verify(body, request.headers.getlist(WEBHOOK.header))
    if not verdict:
        return Response(verdict.reason, 401)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return Response("no JSON", 400)
    if not isinstance(document, dict):
        return Response("no object", 400)
    act_upon(document)
    return Response("ok")


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
