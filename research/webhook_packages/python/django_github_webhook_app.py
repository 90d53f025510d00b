"""django-github-webhook in Django, over ASGI."""

import secrets

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest
from django.urls import path
from django_github_webhook.views import WebHookView  # type: ignore[import-not-found]

from research.webhook_packages.python.serving import PATH, SECRET, serve_asgi


class Receiver(WebHookView):  # type: ignore[misc]
    secret = SECRET

    def ping(self, payload: object, request: HttpRequest) -> dict[str, str]:
        """Where a team's own code stands."""
        return {"status": "pong"}


settings.configure(ROOT_URLCONF=__name__, SECRET_KEY=secrets.token_hex(), ALLOWED_HOSTS=["*"])
urlpatterns = [path(PATH[1:], Receiver.as_view())]
serve_asgi(get_asgi_application())
