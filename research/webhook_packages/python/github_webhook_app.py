"""github-webhook in Flask."""

from flask import Flask
from github_webhook import Webhook  # type: ignore[import-not-found]

from research.webhook_packages.python.serving import PATH, SECRET, serve_wsgi

app = Flask(__name__)
webhook = Webhook(app, endpoint=PATH, secret=SECRET)


@webhook.hook("ping")
def on_ping(data: object) -> None:
    """Where a team's own code stands."""


serve_wsgi(app)
