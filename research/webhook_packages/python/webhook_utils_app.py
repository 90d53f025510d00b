"""webhook-utils in FastAPI, with the header and the hash of Intercom's."""

from fastapi import APIRouter, FastAPI
from webhook_utils.contrib.fastapi import WebhookRouter  # type: ignore[import-not-found]
from webhook_utils.crypto import compare_sha1_signature  # type: ignore[import-not-found]

from research.webhook_packages.python.serving import PATH, SECRET, serve_asgi

app = FastAPI()
router = WebhookRouter(
    APIRouter(),
    webhook_key=SECRET,
    header_name="X-Hub-Signature",
    compare_signature_fn=compare_sha1_signature,
)


@router.on(PATH)
def receive() -> dict[str, str]:
    """Where a team's own code stands."""
    return {"status": "ok"}


app.include_router(router.api_router)
serve_asgi(app)
