"""A sound receiver in FastAPI, served by uvicorn. It shares no code with what tries it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import socket
import sys

import uvicorn
from fastapi import FastAPI, HTTPException, Request

SECRET = os.environ["CLIENT_SECRET"].encode()
DELAY = float(os.environ.get("RECEIVER_DELAY", "0"))
REFUSAL = int(os.environ.get("RECEIVER_REFUSAL", "401"))
APP_ID = os.environ.get("RECEIVER_APP_ID", "")

app = FastAPI()


@app.head("/webhooks")
async def alive() -> None:
    """Intercom asks whether the address is there."""


@app.post("/webhooks")
async def receive(request: Request) -> dict[str, bool]:
    body = await request.body()
    await asyncio.sleep(DELAY)
    expected = "sha1=" + hmac.new(SECRET, body, hashlib.sha1).hexdigest()
    claims = request.headers.getlist("X-Hub-Signature")
    if len(claims) != 1 or not hmac.compare_digest(claims[0].encode(), expected.encode()):
        raise HTTPException(REFUSAL)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(400) from None
    if APP_ID and (not isinstance(document, dict) or document.get("app_id") != APP_ID):
        raise HTTPException(403)
    return {"ok": True}


listener = socket.create_server(("127.0.0.1", 0), backlog=128)
sys.stdout.write(f"{listener.getsockname()[1]}\n")
sys.stdout.flush()
uvicorn.Server(uvicorn.Config(app, log_config=None)).run(sockets=[listener])
