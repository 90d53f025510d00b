"""A local Intercom that real clients accept: an HTTP server on loopback with a developer hub.

    from helpers.sandbox import start
    with start() as sandbox:
        ...  # sandbox.url is the API of the workspace "default"

It shares no code with the client under test and keeps its own table of scopes, so that the two can
disagree. The server is imported on first use: the seeds need none of its libraries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from helpers.sandbox.server import Sandbox, start

__all__ = ["Sandbox", "start"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from helpers.sandbox import server

        return getattr(server, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
