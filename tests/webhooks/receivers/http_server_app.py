"""A sound receiver on Python's own server: the one that the mutants are made of."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

DELAY = float(os.environ.get("RECEIVER_DELAY", "0"))
REFUSAL = int(os.environ.get("RECEIVER_REFUSAL", "401"))
APP_ID = os.environ.get("RECEIVER_APP_ID", "")

path = Path(__file__).parents[1] / "mutants" / "sound.py"
spec = importlib.util.spec_from_file_location("sound", path)
assert spec is not None
assert spec.loader is not None
sound: Any = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sound)
sound.SECRET = os.environ["CLIENT_SECRET"].encode()


class Receiver(sound.Receiver):  # type: ignore[misc]
    """The same, with what the environment asks for."""

    def delivery(self) -> Any:
        time.sleep(DELAY)
        return super().delivery()

    def process(self, body: bytes) -> Any:
        found = super().process(body)
        if APP_ID and json.loads(body).get("app_id") != APP_ID:
            return 403, "another workspace"
        return found

    def answer(self, status: int, text: str) -> None:
        super().answer(REFUSAL if status in {401, 405} else status, text)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


server = Server(("127.0.0.1", 0), Receiver)
sys.stdout.write(f"{server.server_port}\n")
sys.stdout.flush()
server.serve_forever()
