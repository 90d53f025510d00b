"""Serves an application on a free port of loopback, and says which."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from typing import Any

SECRET = os.environ["CLIENT_SECRET"]
PATH = "/webhooks"


def serve_wsgi(application: Callable[..., Any]) -> None:
    """By Werkzeug's server, which is Flask's own."""
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, application, threaded=True)
    _tell(server.server_port)
    server.serve_forever()


def serve_asgi(application: Callable[..., Any]) -> None:
    """By uvicorn."""
    import uvicorn

    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    _tell(listener.getsockname()[1])
    config = uvicorn.Config(application, log_config=None, lifespan="off")
    uvicorn.Server(config).run(sockets=[listener])


def _tell(port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
