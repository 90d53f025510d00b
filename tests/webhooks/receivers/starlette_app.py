"""A sound receiver in Starlette, served by uvicorn. It shares no code with what tries it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import socket
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SECRET = os.environ["CLIENT_SECRET"].encode()
DELAY = float(os.environ.get("RECEIVER_DELAY", "0"))
REFUSAL = int(os.environ.get("RECEIVER_REFUSAL", "401"))
APP_ID = os.environ.get("RECEIVER_APP_ID", "")


async def receive(request: Request) -> Response:
    if request.method == "HEAD":
        return Response()
    body = await request.body()
    await asyncio.sleep(DELAY)
    expected = "sha1=" + hmac.new(SECRET, body, hashlib.sha1).hexdigest()
    claims = request.headers.getlist("X-Hub-Signature")
    if len(claims) != 1 or not hmac.compare_digest(claims[0].encode(), expected.encode()):
        return Response(status_code=REFUSAL)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return Response(status_code=400)
    if APP_ID and (not isinstance(document, dict) or document.get("app_id") != APP_ID):
        return Response(status_code=403)
    return Response()


listener = socket.create_server(("127.0.0.1", 0), backlog=128)
sys.stdout.write(f"{listener.getsockname()[1]}\n")
sys.stdout.flush()
app = Starlette(routes=[Route("/webhooks", receive, methods=["POST", "HEAD"])])
uvicorn.Server(uvicorn.Config(app, log_config=None)).run(sockets=[listener])
