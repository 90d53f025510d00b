"""A server made from Intercom's API description alone: it remembers nothing and checks no token.

It answers each operation with the description's example or, with a seed, with data generated from
the schema; the same seed gives the same answers.

    python -m tests.contract.static_server [SEED]
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from tests.contract.description import Description, load

__all__ = ["StaticAnswer", "StaticIntercom", "serving"]

METHODS: Final = ("get", "post", "put", "patch", "delete")
# Whom the token belongs to decides whether an audit starts at all, so it is always the example.
ALWAYS_EXAMPLES: Final = ("GET /me",)
REFUSALS: Final = ("402", "403", "404", "422")  # what a seed may give instead, one time in eight
COMPLETE: Final = (1.0, 0.95, 0.75)  # how likely an optional field is there, one for each answer
DEEP: Final = 4  # below this level only what has to be there is
PERIOD: Final = (
    60  # days that times lie in, up to today: shorter than an audit reads, so some count
)


class StaticAnswer(NamedTuple):
    """A status and a body; None where the description has no body."""

    status: int
    body: Any


class StaticIntercom:
    """Answers for every operation of a version. Without a seed they are the examples."""

    def __init__(self, version: str, seed: int | None = None) -> None:
        self.version = version
        self.seed = seed
        self.description = load(version)

    def answer(self, method: str, path: str) -> StaticAnswer | None:
        """The answer of the operation that a path belongs to; None where there is none."""
        for route, pattern in _patterns(self.version):
            if (
                pattern.fullmatch(path)
                and method.lower() in self.description.document["paths"][route]
            ):
                return self.answer_of(method, route)
        return None

    def answer_of(self, method: str, route: str) -> StaticAnswer:
        """The answer of one operation, named as the description names it."""
        responses = self.description.document["paths"][route][method.lower()]["responses"]
        name = f"{method.upper()} {route}"
        chance = Random(f"{self.seed} {name}")
        honest = self.seed is None or name in ALWAYS_EXAMPLES
        status = _status(responses, None if honest else chance)
        return StaticAnswer(int(status), self._body(responses[status], None if honest else chance))

    def _body(self, response: dict[str, Any], chance: Random | None) -> Any:
        generator = Generator(self.description, chance or Random(0))
        media = generator.resolved(response).get("content", {}).get("application/json", {})
        examples = [one["value"] for one in media.get("examples", {}).values() if "value" in one]
        if examples and chance is None:
            return examples[0]
        return generator.value(media["schema"]) if "schema" in media else None


def _status(responses: dict[str, Any], chance: Random | None) -> str:
    """A success that is described; with a chance, sometimes a refusal."""
    good = next((status for status in responses if status.startswith("2")), next(iter(responses)))
    bad = [status for status in REFUSALS if status in responses]
    return chance.choice(bad) if chance and bad and chance.random() < 1 / 8 else good


@cache
def _patterns(version: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Every path as a pattern; one without placeholders comes before one that they would fit."""
    paths = sorted(load(version).document["paths"], key=lambda path: path.count("{"))
    return tuple((path, re.compile(re.sub(r"\{\w+\}", "[^/]+", path))) for path in paths)


class Generator:
    """Values that follow a schema, by chance: what may be absent or null sometimes is."""

    def __init__(self, description: Description, chance: Random) -> None:
        self._schemas = description.document
        self._chance = chance
        self._complete = chance.choice(COMPLETE)

    def resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        """What a reference points to, else the node itself."""
        while "$ref" in node:
            found = self._schemas
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            node = found
        return node

    def value(self, schema: dict[str, Any], depth: int = 0) -> Any:
        """A value of a schema. Deep down, only what has to be there is."""
        chance, schema = self._chance, self.resolved(schema)
        # OpenAPI 3.0.3: nullable allows null only where the type stands, and no part forbids it
        nullable = schema.get("nullable") is True and "type" in schema and "allOf" not in schema
        if nullable and chance.random() > self._complete:
            return None
        if "allOf" in schema:
            return self._merged(schema, depth)
        for key in ("oneOf", "anyOf"):
            if key in schema:
                return self.value(chance.choice(schema[key]), depth)
        if "enum" in schema:
            return chance.choice(schema["enum"])
        make = getattr(self, f"_{schema.get('type', 'object')}")
        return make(schema, depth)

    def _merged(self, schema: dict[str, Any], depth: int) -> Any:
        whole: dict[str, Any] = {"properties": dict(schema.get("properties", {}))}
        required = list(schema.get("required", ()))
        for part in map(self.resolved, schema["allOf"]):
            if "properties" not in part:
                return self.value(part, depth)
            whole["properties"] |= part["properties"]
            required += part.get("required", ())
        return self._object(whole | {"required": required}, depth)

    def _object(self, schema: dict[str, Any], depth: int) -> Any:
        required = schema.get("required") or ()
        likely = self._complete if depth < DEEP else 0
        made = {
            name: self.value(one, depth + 1)
            for name, one in schema.get("properties", {}).items()
            if name in required or name == "type" or self._chance.random() < likely
        }
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            names = [name for name in required if name not in made]
            names += ["custom"] if depth < DEEP else []
            made |= {name: self.value(more, depth + 1) for name in names}
        return made

    def _array(self, schema: dict[str, Any], depth: int) -> Any:
        size = self._chance.randint(schema.get("minItems", 0), 3) if depth < 6 else 0
        return [self.value(schema.get("items", {"type": "string"}), depth + 1) for _ in range(size)]

    def _string(self, schema: dict[str, Any], _depth: int) -> Any:
        example = schema.get("example")
        if isinstance(example, str) and self._chance.random() < 1 / 2:
            return example
        shown = f"{self._chance.getrandbits(48):012x}"
        forms = {
            "date-time": "2026-02-03T04:05:06Z",
            "date": "2026-02-03",
            "email": f"{shown}@example.com",
            "uri": f"https://{shown}.example.com/",
        }
        odd = ("", "Zoë \N{SNOWMAN}", "<b>&amp;", "a" * 300)
        usual = forms.get(str(schema.get("format")), shown)
        return self._chance.choice(odd) if self._chance.random() < 1 / 10 else usual

    def _integer(self, schema: dict[str, Any], _depth: int) -> Any:
        example = schema.get("example")
        if type(example) is int and self._chance.random() < 1 / 2:
            return example
        timely = schema.get("format") in ("date-time", "timestamp")
        return self._time() if timely else self._small()

    def _time(self) -> int:
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return int((today - timedelta(seconds=self._chance.randrange(PERIOD * 86_400))).timestamp())

    def _small(self) -> int:
        return self._chance.choice((0, 1, 2, 20, self._chance.randrange(10_000)))

    def _number(self, _schema: dict[str, Any], _depth: int) -> Any:
        return self._small() / 4

    def _boolean(self, _schema: dict[str, Any], _depth: int) -> Any:
        return self._chance.random() < 1 / 2


def _plain(value: Any) -> str:
    """A date as JSON: YAML reads some examples of text as dates."""
    if isinstance(value, date):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(type(value))


class _Handler(BaseHTTPRequestHandler):
    """One request: the version that it names decides which description answers."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def _serve(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        version = "preview" if self.headers.get("Intercom-Version") == "Preview" else "2.16"
        path = urlsplit(self.path).path
        found = StaticIntercom(version, self.server.seed).answer(self.command, path)
        self.server.calls.append(f"{self.command} {path}")
        if found is None:
            self.server.strangers.append(f"{self.command} {path} in {version}")
            errors = [{"code": "not_found", "message": "The requested resource was not found"}]
            found = StaticAnswer(404, {"type": "error.list", "errors": errors})
        content = b"" if found.body is None else json.dumps(found.body, default=_plain).encode()
        self.send_response(found.status)
        if content:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - the library's names

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, seed: int | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seed = seed
        self.calls: list[str] = []
        self.strangers: list[str] = []  # calls that the description does not have

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serving(seed: int | None = None) -> Iterator[_Server]:
    """Serve on loopback while the context lasts: `url`, the `calls` so far, and the `strangers`."""
    with _Server(seed) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def main() -> None:
    """Serve until Ctrl-C."""
    with serving(int(sys.argv[1]) if len(sys.argv) > 1 else None) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
