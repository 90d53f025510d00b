"""A sound receiver in Flask, on its own server. It shares no code with what tries it."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sys

from flask import Flask, request
from werkzeug.serving import make_server

SECRET = os.environ["CLIENT_SECRET"].encode()

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1_000_000


@app.route("/webhooks", methods=["POST", "HEAD"])
def receive() -> tuple[str, int]:
    if request.method == "HEAD":
        return "", 200
    body = request.get_data()
    expected = "sha1=" + hmac.new(SECRET, body, hashlib.sha1).hexdigest()
    claims = request.headers.getlist("X-Hub-Signature")
    if len(claims) != 1 or not hmac.compare_digest(claims[0].encode(), expected.encode()):
        return "", 401
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return "", 400
    return "", 200


server = make_server("127.0.0.1", 0, app, threaded=True)
sys.stdout.write(f"{server.server_port}\n")
sys.stdout.flush()
server.serve_forever()
