"""Scopes seen in use at run time: by a hook in a team's own client, or in files others wrote.

Only method and route are taken: the path's ids become `{id}`, and queries, headers and bodies are
never looked at. Read are HAR files, logs in the common (or combined) log format of a proxy in front
of Intercom, and `api.request.completed` webhooks, one JSON object a line or a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from helpers.core.errors import StateError, UsageError
from helpers.scopes.records import Certainty, Use
from helpers.scopes.usage.found import endpoint_of
from helpers.system.files import write_private

if TYPE_CHECKING:
    import httpx

__all__ = ["Recorder", "merge", "observe", "recorded"]

_HOST: Final = re.compile(r"api(\.(eu|au))?\.intercom\.io", re.IGNORECASE)
_LOG: Final = re.compile(r'"(GET|POST|PUT|PATCH|DELETE) (\S+) HTTP/[\d.]+"')
_KEPT: Final = "observed.json"
_MANY: Final = TypeAdapter(tuple[Use, ...])
Seen = tuple[str, str]  # method, path


class Recorder:
    """An httpx event hook: `httpx.Client(event_hooks={"request": [Recorder(path)]})`.

    Keeps each kind of call once, as `METHOD /route`, a line each; what the catalog does not know is
    not written, since its path might hold anything.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = set(path.read_text("utf-8").split("\n")) if path.is_file() else set()

    def __call__(self, request: httpx.Request) -> None:
        """Note a request. Never raises for what the request is."""
        if not _HOST.fullmatch(request.url.host):
            return
        guard = endpoint_of(request.method, request.url.path)
        if guard and guard.name not in self._seen:
            self._seen.add(guard.name)
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(guard.name + "\n")


def observe(path: Path) -> tuple[Use, ...]:
    """The uses that a file shows. Raises UsageError for one that can't be read or shows nothing."""
    try:
        text = path.read_text("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}.", "Name a file.") from None
    found = tuple(_uses(_calls(text), path.name))
    if not found:
        raise UsageError(
            f"{path} shows no call to Intercom.",
            "Give a HAR file, a common log, api.request.completed records, or a recorder's file.",
        )
    return found


def merge(state: Path, uses: Iterable[Use]) -> tuple[Use, ...]:
    """Add uses to those of the profile, each once; the next review counts them.

    Raises StateError where the earlier ones can't be read.
    """
    kept = tuple(dict.fromkeys((*recorded(state), *uses)))
    rows = [use.model_dump(mode="json") for use in kept]
    write_private(state / _KEPT, json.dumps(rows, indent=1))
    return kept


def recorded(state: Path) -> tuple[Use, ...]:
    """The uses that were observed for a profile. Raises StateError for a damaged file."""
    path = state / _KEPT
    try:
        return _MANY.validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except (OSError, ValidationError):
        raise StateError(
            f"{path} can't be read.", "Move it away, and observe with `runbook scopes` again."
        ) from None


def _uses(calls: Iterable[Seen], name: str) -> Iterator[Use]:
    guards = {g.name: g for method, path in calls if (g := endpoint_of(method, path))}
    for guard in guards.values():
        yield Use(
            scope=guard.scope, call=guard.name, path=name, sure=Certainty.CERTAIN, how="observed"
        )


def _calls(text: str) -> Iterator[Seen]:
    """The calls in a file of any of the kinds."""
    try:
        yield from _json(json.loads(text))
    except (ValueError, RecursionError):
        for line in text.splitlines():
            yield from _line(line)


def _line(line: str) -> Iterator[Seen]:
    if line.startswith("{"):
        try:
            yield from _json(json.loads(line))
        except (ValueError, RecursionError):
            return
    elif match := _LOG.search(line):
        yield from _url(match[1], match[2])
    elif match := re.fullmatch(r"([A-Z]+) (/\S+)", line.strip()):
        yield match[1], match[2]


def _json(document: Any) -> Iterator[Seen]:
    """A HAR file, a webhook, or a list of webhooks; what has another shape shows nothing."""
    if isinstance(document, list):
        for one in document:
            yield from _json(one)
    for entry in _list(_at(document, "log", "entries")):
        url = str(_at(entry, "request", "url"))
        if _host(url):
            yield from _url(str(_at(entry, "request", "method")), url)
    if _at(document, "topic") == "api.request.completed":
        request = _at(document, "data", "item", "request")
        yield str(_at(request, "method")).upper(), str(_at(request, "path"))


def _at(document: Any, *names: str) -> Any:
    """The value at these names, or None where a level is missing or not an object."""
    for name in names:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _url(method: str, url: str) -> Iterator[Seen]:
    host = _host(url)
    if host or host is None:
        yield method.upper(), urlsplit(url).path


def _host(url: str) -> bool | None:
    """Whether a URL's host is Intercom's; None for a path alone, False for what is not a URL."""
    try:
        name = urlsplit(url).hostname
    except ValueError:
        return False
    return bool(_HOST.fullmatch(name)) if name else None
