"""flask-githubapp in Flask."""

from flask import Flask
from flask_githubapp import GitHubApp  # type: ignore[import-not-found]

from research.webhook_packages.python.serving import PATH, SECRET, serve_wsgi

app = Flask(__name__)
app.config["GITHUBAPP_ID"] = 1
app.config["GITHUBAPP_KEY"] = "not used"
app.config["GITHUBAPP_SECRET"] = SECRET
app.config["GITHUBAPP_ROUTE"] = PATH
github_app = GitHubApp(app)


@github_app.on("ping")
def on_ping() -> str:
    """Where a team's own code stands."""
    return "pong"


serve_wsgi(app)
