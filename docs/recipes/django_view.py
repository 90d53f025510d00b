"""Intercom's webhooks in Django. Copy helpers/webhooks/signatures.py beside this file.

    urlpatterns = [path("webhooks/intercom", receive)]

Serve it with gunicorn or uvicorn: `runserver` reads no chunked bodies. Django's own limit on
bodies, DATA_UPLOAD_MAX_MEMORY_SIZE, answers larger ones with 400.
"""

import json
import os

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from signatures import WEBHOOK, Verifier

verifier = Verifier(os.environ["INTERCOM_CLIENT_SECRET"])  # Verifier(new, old) during a rotation


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def receive(request: HttpRequest) -> HttpResponse:
    """Verify the raw body, then parse it, then answer at once."""
    if request.method == "HEAD":
        return HttpResponse()
    body = request.body  # before request.POST: that reads it first
    claimed = request.headers.get(WEBHOOK.header)  # two of them arrive as one, with a comma
    verdict = verifier.verify(body, [] if claimed is None else [claimed])
    if not verdict:
        return HttpResponse(verdict.reason, status=401)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return HttpResponse("no JSON", status=400)
    if not isinstance(document, dict):
        return HttpResponse("no object", status=400)
    act_upon(document)
    return HttpResponse("ok")


def act_upon(document: dict[str, object]) -> None:
    """Put it on a queue: Intercom waits 5 s. Act once on an `id`, and on your own `app_id`."""
