"""A sound receiver in Flask, on its own server. It shares no code with what tries it."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sys
import time

from flask import Flask, request
from werkzeug.serving import make_server

SECRET = os.environ["CLIENT_SECRET"].encode()
DELAY = float(os.environ.get("RECEIVER_DELAY", "0"))
REFUSAL = int(os.environ.get("RECEIVER_REFUSAL", "401"))
APP_ID = os.environ.get("RECEIVER_APP_ID", "")

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1_000_000


@app.route("/webhooks", methods=["POST", "HEAD"])
def receive() -> tuple[str, int]:
    if request.method == "HEAD":
        return "", 200
    body = request.get_data()
    time.sleep(DELAY)
    expected = "sha1=" + hmac.new(SECRET, body, hashlib.sha1).hexdigest()
    claims = request.headers.getlist("X-Hub-Signature")
    if len(claims) != 1 or not hmac.compare_digest(claims[0].encode(), expected.encode()):
        return "", REFUSAL
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return "", 400
    if APP_ID and (not isinstance(document, dict) or document.get("app_id") != APP_ID):
        return "", 403
    return "", 200


server = make_server("127.0.0.1", 0, app, threaded=True)
sys.stdout.write(f"{server.server_port}\n")
sys.stdout.flush()
server.serve_forever()
