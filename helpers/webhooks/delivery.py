"""A delivery as it arrived, byte for byte: a body that was serialised again proves nothing.

On disk it is two files: `NAME.body`, the raw body alone, and `NAME.json`, the rest of the request.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from helpers.core.errors import UsageError
from helpers.core.redaction import sanitize
from helpers.system.files import write_private
from helpers.webhooks.signatures import SignatureVerdict

__all__ = [
    "ReceivedDelivery",
    "arrival_lines",
    "load_delivery",
    "save_delivery",
    "topic_of",
]

_LARGEST: Final = 16_777_216  # bytes of a file that is accepted as a delivery
_LONGEST: Final = 4_000  # characters of a body that are shown
_INDENT: Final = "    "


@dataclass(frozen=True)
class ReceivedDelivery:
    """A request. Names of headers are in lower case; values are read as Latin-1."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of a header; its name is case-insensitive."""
        return tuple(value for key, value in self.headers if key == name.lower())

    def value(self, name: str) -> str:
        """The first value of a header, or an empty string."""
        return next(iter(self.values(name)), "")

    def document(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is not one. Not verified."""
        try:
            parsed = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return parsed if isinstance(parsed, dict) else {}


def save_delivery(folder: Path, name: str, delivery: ReceivedDelivery) -> Path:
    """Write both files, readable by the owner only; returns the body's path. Raises UsageError."""
    body = folder / f"{name}.body"
    write_private(body, delivery.body)
    beside = {
        "method": delivery.method,
        "path": delivery.path,
        "headers": [list(pair) for pair in delivery.headers],
    }
    write_private(folder / f"{name}.json", json.dumps(beside, indent=2) + "\n")
    return body


def load_delivery(path: Path) -> ReceivedDelivery:
    """Read a saved delivery by either of its files, or a file with a raw body alone.

    Raises UsageError if it can't be read.
    """
    pair = path.with_suffix(".json") if path.suffix == ".body" else path
    if path.suffix == ".json" and path.with_suffix(".body").is_file():
        path = path.with_suffix(".body")
    body = _read(path)
    if path.suffix != ".body" or not pair.is_file():
        return ReceivedDelivery("POST", "/", (), body)
    try:
        beside = json.loads(_read(pair))
        headers = tuple((str(name).lower(), str(value)) for name, value in beside["headers"])
        return ReceivedDelivery(str(beside["method"]), str(beside["path"]), headers, body)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(
            f"{pair} does not describe the rest of the request.",
            "Use files that `runbook webhook listen --save FOLDER` wrote, or a raw body, no .json.",
        ) from None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}.", "Name another file.") from None
    if len(content) > _LARGEST:
        raise UsageError(f"{path} is too large for a delivery.", "Name another file.")
    return content


def arrival_lines(
    delivery: ReceivedDelivery,
    verdict: SignatureVerdict,
    secrets: Sequence[str],
    *,
    content: bool = False,
) -> Iterator[str]:
    """What arrived, and whether it verifies; `content` adds headers and body: customers' data.

    `secrets` are the names of the variables that the verifier's secrets came from, in order.
    """
    size = f"{len(delivery.body):,} bytes"
    yield f"{delivery.method} {_short(delivery.path)}  {_about(delivery.document())}  {size}"
    if content:
        yield from _content(delivery)
    if verdict:
        yield f"{_INDENT}genuine, signed with {secrets[verdict.secret or 0]}"
    else:
        yield f"{_INDENT}refused: {verdict.reason}"


def topic_of(document: Mapping[str, Any]) -> str:
    """The topic or event that a body claims; empty if it has none."""
    for name in ("topic", "event_name", "component_id"):
        value = document.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


def _about(document: Mapping[str, Any]) -> str:
    if not document:
        return "not a JSON object"
    identifier = document.get("id") or document.get("conversation_id") or "no id"
    return f"{_short(topic_of(document) or 'no topic')}  {_short(str(identifier))}"


def _content(delivery: ReceivedDelivery) -> Iterator[str]:
    for name, value in delivery.headers:
        yield f"{_INDENT}{sanitize(name)}: {_short(value)}"
    text = delivery.body.decode("utf-8", "replace")
    document = delivery.document()
    if document:
        text = json.dumps(document, indent=2, ensure_ascii=False)
    for line in text[:_LONGEST].splitlines():
        yield f"{_INDENT}| {sanitize(line)}"
    if len(text) > _LONGEST:
        yield f"{_INDENT}| … {len(text) - _LONGEST:,} characters more"


def _short(text: str, longest: int = 120) -> str:
    shown = sanitize(text)
    return shown if len(shown) <= longest else f"{shown[:longest]}…"
