"""Records in a notebook's outputs that name a secret in one field and hold it in another."""

from __future__ import annotations

import json
import pprint
import secrets
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from helpers.core.redaction import fingerprint
from helpers.exposure.items import Origin, OriginKind, ScanItem
from helpers.exposure.kingfisher import Kingfisher
from helpers.exposure.scan_items import scan_items

ENGINE = Kingfisher(all_rules=False)
SECRETS: dict[str, tuple[str, Callable[[], str]]] = {
    "identity_verification_secret": ("identity_secret", lambda: secrets.token_urlsafe(32)),
    "client_secret": ("client_secret", lambda: str(uuid.uuid4())),
    "fin_agent_webhook_secret": ("fin_agent_secret", lambda: secrets.token_hex(20)),
}


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)}


def result(text: str) -> dict[str, Any]:
    lines = text.splitlines(keepends=True)
    return {"output_type": "execute_result", "data": {"text/plain": lines}, "metadata": {}}


OUTPUTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "printed": lambda record: stream(f"{record}\n"),
    "printed in a list": lambda record: stream(f"[{record}, {{'type': 'user_hash'}}]\n"),
    "printed over several lines": lambda record: stream(pprint.pformat(record, width=40) + "\n"),
    "result": lambda record: result(repr(record)),
    "result over several lines": lambda record: result(pprint.pformat(record, width=40)),
    "JSON text": lambda record: stream(json.dumps(record)),
    "indented JSON text": lambda record: stream(json.dumps(record, indent=2)),
    "sorted JSON text": lambda record: stream(json.dumps(record, sort_keys=True)),
    "YAML text": lambda record: stream(yaml.safe_dump(record, sort_keys=False)),
    "JSON output": lambda record: {
        "output_type": "display_data",
        "data": {"application/json": record},
        "metadata": {},
    },
}


def found(output: dict[str, Any]) -> set[tuple[str, str]]:
    """Return the place and the fingerprint of each secret in a notebook with this output."""
    cell = {"cell_type": "code", "source": ["client.secrets()"], "outputs": [output]}
    book = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    item = ScanItem(Origin(OriginKind.FILE, "a.ipynb"), "a.ipynb", json.dumps(book).encode())
    ((scanned,),) = scan_items([item], ENGINE, lambda _: "")
    return {(place, match.fingerprint) for place, match in scanned.result.matches}


@pytest.mark.parametrize("form", OUTPUTS)
@pytest.mark.parametrize("name", SECRETS)
def test_a_record_in_an_output_is_found(form: str, name: str) -> None:
    kind, make = SECRETS[name]
    value = make()
    record = {"type": name, "created": "2026-01-01", "active": True, "secret": value}
    assert found(OUTPUTS[form](record)) == {("cell 1, output 1", fingerprint(kind, value))}


@pytest.mark.parametrize("form", OUTPUTS)
def test_another_field_of_such_a_record_is_no_secret(form: str) -> None:
    record = {
        "type": "identity_verification_secret",
        "created": "2026-01-01",
        "etag": secrets.token_urlsafe(32),
    }
    assert found(OUTPUTS[form](record)) == set()
