"""A sound receiver in Django, over ASGI: its WSGI side reads no chunked bodies.

It shares no code with what tries it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import secrets
import socket
import sys

import uvicorn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

SECRET = os.environ["CLIENT_SECRET"].encode()
DELAY = float(os.environ.get("RECEIVER_DELAY", "0"))
REFUSAL = int(os.environ.get("RECEIVER_REFUSAL", "401"))
APP_ID = os.environ.get("RECEIVER_APP_ID", "")


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
async def receive(request: HttpRequest) -> HttpResponse:
    if request.method == "HEAD":
        return HttpResponse()
    await asyncio.sleep(DELAY)
    expected = "sha1=" + hmac.new(SECRET, request.body, hashlib.sha1).hexdigest()
    claimed = request.headers.get("X-Hub-Signature", "")
    if not hmac.compare_digest(claimed.encode(), expected.encode()):
        return HttpResponse(status=REFUSAL)
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError):
        return HttpResponse(status=400)
    if APP_ID and (not isinstance(document, dict) or document.get("app_id") != APP_ID):
        return HttpResponse(status=403)
    return HttpResponse()


settings.configure(ROOT_URLCONF=__name__, SECRET_KEY=secrets.token_hex(), ALLOWED_HOSTS=["*"])
urlpatterns = [path("webhooks", receive)]
listener = socket.create_server(("127.0.0.1", 0), backlog=128)
sys.stdout.write(f"{listener.getsockname()[1]}\n")
sys.stdout.flush()
config = uvicorn.Config(get_asgi_application(), log_config=None, lifespan="off")
uvicorn.Server(config).run(sockets=[listener])
