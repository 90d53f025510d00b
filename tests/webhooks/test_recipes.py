"""The recipes of docs/recipes, copied as a user copies them, against the battery."""

from __future__ import annotations

import ast
import base64
import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from helpers.webhooks import signatures
from helpers.webhooks.action import run_battery
from helpers.webhooks.battery import BatteryOptions
from helpers.webhooks.listener import listening
from helpers.webhooks.records import BatteryResult, CaseOutcome
from helpers.webhooks.request_builder import RequestBuilder
from helpers.webhooks.sending import deliver, sample_request
from helpers.webhooks.signatures import WEBHOOK
from helpers.webhooks.target import parse_target
from tests.conftest import HOME

Handler = Callable[[dict[str, Any], None], dict[str, Any]]
RECIPES = HOME / "docs" / "recipes"
SECRET = secrets.token_hex(20)
BUILDER = RequestBuilder(WEBHOOK, SECRET.encode())

DJANGO = """
from django.conf import settings
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="for this test only")
import django; django.setup()
from django.core.asgi import get_asgi_application
from django.urls import path
from django_view import receive
urlpatterns = [path("webhooks/intercom", receive)]
app = get_asgi_application()
"""
LAMBDA = """
import base64, json
from aws_lambda import handler

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body")
    answer = handler(event(scope, body), None)
    headers = [(k.lower().encode(), v.encode()) for k, v in answer["headers"].items()]
    await send({"type": "http.response.start", "status": answer["statusCode"], "headers": headers})
    await send({"type": "http.response.body", "body": answer["body"].encode()})

def text(body):
    try:
        return {"body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return base64_of(body)

def base64_of(body):
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}

def joined(scope, names):
    found = {}
    for name, value in scope["headers"]:
        found.setdefault(names(name.decode("latin-1")), []).append(value.decode("latin-1"))
    return found
"""
EVENTS = {
    "REST API, base64, lists of values": """
def event(scope, body):
    listed = joined(scope, str.title)
    single = {name: values[-1] for name, values in listed.items()}
    return {"httpMethod": scope["method"], "headers": single, "multiValueHeaders": listed,
            **base64_of(body)}
""",
    "HTTP API or function URL, text, values joined": """
def event(scope, body):
    single = {name: ",".join(values) for name, values in joined(scope, str.lower).items()}
    return {"version": "2.0", "requestContext": {"http": {"method": scope["method"]}},
            "headers": single, **text(body)}
""",
    "load balancer, lists of values alone": """
def event(scope, body):
    return {"httpMethod": scope["method"], "headers": None,
            "multiValueHeaders": joined(scope, str.lower), **text(body)}
""",
}
FLASK = """
import sys
from flask_app import app
from werkzeug.serving import make_server
make_server("127.0.0.1", 0, app, threaded=True, fd=int(sys.argv[1])).serve_forever()
"""


@contextmanager
def running(folder: Path, command: list[str]) -> Iterator[str]:
    """A server in a process of its own, on a socket that listens already; its address."""
    shutil.copy(HOME / "helpers" / "webhooks" / "signatures.py", folder)
    with listening(0) as listener:
        listener.setblocking(True)
        port, number = listener.getsockname()[1], str(listener.fileno())
        words = [sys.executable, *(word.replace("FD", number) for word in command)]
        environ = {**os.environ, "INTERCOM_CLIENT_SECRET": SECRET, "PYTHONWARNINGS": "default"}
        with subprocess.Popen(
            words,
            cwd=folder,
            env=environ,
            pass_fds=[listener.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                yield f"http://127.0.0.1:{port}/webhooks/intercom"
            finally:
                process.kill()


def battery(url: str) -> BatteryResult:
    """After a first delivery, for which the server has to start."""
    target = parse_target(url)
    assert deliver(sample_request(BUILDER), target, consent=False, timeout=30).status == 200
    return run_battery(target, BUILDER, BatteryOptions())


def failing(result: BatteryResult) -> dict[str, str]:
    return {case.id: case.observed for case in result.cases if case.outcome is CaseOutcome.FAIL}


def uvicorn(module: str) -> list[str]:
    return ["-m", "uvicorn", f"{module}:app", "--fd", "FD", "--log-level", "critical"]


@pytest.mark.parametrize("name", ["starlette_app", "fastapi_app"])
def test_an_asgi_recipe_passes_the_whole_battery(tmp_path: Path, name: str):
    shutil.copy(RECIPES / f"{name}.py", tmp_path)
    with running(tmp_path, uvicorn(name)) as url:
        result = battery(url)
    assert failing(result) == {}
    assert result.case("A14").outcome is CaseOutcome.PASS


def test_the_flask_recipe_passes_the_whole_battery(tmp_path: Path):
    shutil.copy(RECIPES / "flask_app.py", tmp_path)
    (tmp_path / "serve.py").write_text(FLASK, "utf-8")
    with running(tmp_path, ["serve.py", "FD"]) as url:
        assert failing(battery(url)) == {}


def test_the_django_recipe_passes_the_whole_battery(tmp_path: Path):
    shutil.copy(RECIPES / "django_view.py", tmp_path)
    (tmp_path / "site_of_the_team.py").write_text(DJANGO, "utf-8")
    with running(tmp_path, uvicorn("site_of_the_team")) as url:
        assert failing(battery(url)) == {}


@pytest.mark.parametrize("kind", EVENTS)
def test_the_lambda_recipe_passes_the_whole_battery_by_every_event(tmp_path: Path, kind: str):
    shutil.copy(RECIPES / "aws_lambda.py", tmp_path)
    (tmp_path / "gateway.py").write_text(LAMBDA + EVENTS[kind], "utf-8")
    with running(tmp_path, uvicorn("gateway")) as url:
        assert failing(battery(url)) == {}


@pytest.mark.parametrize("name", ["signatures", "tokens", "sheets"])
def test_what_is_to_be_copied_needs_nothing_of_the_runbook(name: str):
    tree = ast.parse((HOME / "helpers" / "webhooks" / f"{name}.py").read_text("utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {
        a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names
    }
    assert not [module for module in imported if str(module).startswith("helpers")]


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Handler:
    """The Lambda recipe's own function."""
    monkeypatch.setenv("INTERCOM_CLIENT_SECRET", SECRET)
    monkeypatch.setitem(sys.modules, "signatures", signatures)
    spec = importlib.util.spec_from_file_location("recipe", RECIPES / "aws_lambda.py")
    assert spec
    assert spec.loader
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    function: Handler = recipe.handler
    return function


BODY = '{"topic":"ping","note":"é"}'.encode()
RIGHT = signatures.sign(SECRET, BODY)
POST = {"httpMethod": "POST", "body": BODY.decode(), "isBase64Encoded": False}


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({**POST, "headers": {"X-Hub-Signature": RIGHT}}, 200),
        ({**POST, "headers": {"x-hub-signature": RIGHT}}, 200),
        ({**POST, "headers": {"X-HUB-SIGNATURE": RIGHT}, "multiValueHeaders": None}, 200),
        ({**POST, "headers": {}, "multiValueHeaders": {"x-hub-signature": [RIGHT]}}, 200),
        ({**POST, "multiValueHeaders": {"X-Hub-Signature": [RIGHT, RIGHT]}}, 401),
        ({**POST, "headers": {"x-hub-signature": f"{RIGHT},{RIGHT}"}}, 401),
        ({**POST, "headers": None}, 401),
        ({**POST, "headers": {"x-hub-signature": RIGHT}, "body": None}, 401),
        ({"httpMethod": "HEAD", "headers": None, "body": None}, 200),
        ({"httpMethod": "GET", "headers": {"x-hub-signature": RIGHT}}, 405),
        ({"requestContext": {"http": {"method": "DELETE"}}}, 405),
    ],
    ids=map(str, range(11)),
)
def test_the_lambda_recipe_reads_events_of_every_shape(
    handler: Handler, event: dict[str, Any], status: int
):
    assert handler(event, None)["statusCode"] == status


def test_the_lambda_recipe_verifies_the_bytes_inside_base64(
    handler: Handler,
):
    encoded = base64.b64encode(BODY).decode()
    event = {**POST, "body": encoded, "headers": {"x-hub-signature": RIGHT}}
    assert handler({**event, "isBase64Encoded": True}, None)["statusCode"] == 200
    assert handler({**event, "isBase64Encoded": False}, None)["statusCode"] == 401
