"""What arrived at the listener, in plain words: for whoever watches it in a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from helpers.core.visible import visible
from helpers.webhooks.causes import Diagnosis
from helpers.webhooks.delivery import Delivery
from helpers.webhooks.signatures import Verdict

__all__ = ["arrival_lines", "diagnosis_lines", "topic_of"]

_LONGEST: Final = 4_000  # characters of a body that are shown
_INDENT: Final = "    "


def arrival_lines(
    delivery: Delivery, verdict: Verdict, secrets: Sequence[str], *, content: bool = False
) -> Iterator[str]:
    """What it is, and whether it verifies; `content` adds headers and body, which are customers'.

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


def diagnosis_lines(found: Sequence[Diagnosis]) -> Iterator[str]:
    """Why it was refused, and what to do: proofs first."""
    for each in sorted(found, key=lambda diagnosis: not diagnosis.proven):
        yield f"{_INDENT}{'Why' if each.proven else 'Perhaps'}: {visible(each.say)}"
        yield f"{_INDENT}Fix: {each.fix}"


def topic_of(document: Mapping[str, Any]) -> str:
    """The topic or the event that a body claims; an empty text where it has none."""
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


def _content(delivery: Delivery) -> Iterator[str]:
    for name, value in delivery.headers:
        yield f"{_INDENT}{visible(name)}: {_short(value)}"
    text = delivery.body.decode("utf-8", "replace")
    document = delivery.document()
    if document:
        text = json.dumps(document, indent=2, ensure_ascii=False)
    for line in text[:_LONGEST].splitlines():
        yield f"{_INDENT}| {visible(line)}"
    if len(text) > _LONGEST:
        yield f"{_INDENT}| … {len(text) - _LONGEST:,} characters more"


def _short(text: str, longest: int = 120) -> str:
    shown = visible(text)
    return shown if len(shown) <= longest else f"{shown[:longest]}…"
