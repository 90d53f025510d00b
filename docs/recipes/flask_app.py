"""Intercom's webhooks in Flask. Copy helpers/webhooks/signatures.py beside this file.

INTERCOM_CLIENT_SECRET=… gunicorn flask_app:app
"""

import json
import os

from flask import Flask, request
from signatures import WEBHOOK, Verifier

verifier = Verifier(os.environ["INTERCOM_CLIENT_SECRET"])  # Verifier(new, old) during a rotation
app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = verifier.max_body  # larger bodies are answered with 413


@app.route("/webhooks/intercom", methods=["POST", "HEAD"])
def receive() -> tuple[str, int]:
    """Verify the raw body, then parse it, then answer at once."""
    if request.method == "HEAD":
        return "", 200
    body = request.get_data()  # before request.json or request.form: those read it first
    verdict = verifier.verify(body, request.headers.getlist(WEBHOOK.header))
    if not verdict:
        return verdict.reason, 401
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return "no JSON", 400
    if not isinstance(document, dict):
        return "no object", 400
    act_upon(document)
    return "ok", 200


def act_upon(document: dict[str, object]) -> None:
    """Put it on a queue: Intercom waits 5 s. Act once on an `id`, and on your own `app_id`."""
