"""What the runbook relies on is in Intercom's description of the version that it asks for.

What is not is named here, with what makes up for it, and in docs/reliability.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, get_args, get_origin

import pytest

from helpers.intercom import answers
from helpers.intercom.activity_types import activity_types
from helpers.intercom.answers import Answer
from helpers.intercom.calls import AUDIT_CALLS, Call
from helpers.intercom.client import API_VERSION
from helpers.intercom.records import CONNECTOR_STATES
from tests.conftest import HOME
from tests.contract.description import COMPOSED, Description, load

PAGE: Final = HOME / "docs" / "reliability.md"
ANSWERS: Final = (  # call, status, the list's key, model
    ("GET /me", 200, "", answers.Me),
    ("GET /admins", 200, "admins", answers.Admin),
    ("GET /admins/{id}", 200, "", answers.Admin),
    ("POST /admins/activity_logs/search", 200, "activity_logs", answers.Activity),
    ("POST /admins/activity_logs/search", 200, "pages", answers.Pages),
    ("GET /ip_allowlist", 200, "", answers.IpAllowlist),
    ("GET /data_connectors", 200, "data", answers.ConnectorSummary),
    ("GET /data_connectors", 200, "pages", answers.Pages),
    ("GET /data_connectors/{id}", 200, "", answers.ConnectorDetail),
    ("GET /secure_mode_secrets", 200, "data", answers.ListedSecret),
    ("POST /secure_mode_secrets", 201, "", answers.NewSecret),
)
UNDOCUMENTED_FIELDS: Final = {
    "GET /data_connectors: pages.page",
    "GET /data_connectors: pages.total_pages",
}
# values that the description lists; each that it does not is counted where it is shown
VALUES: Final = {
    "POST /admins/activity_logs/search: activity_logs.activity_type": activity_types(),
    "GET /data_connectors/{id}: state": CONNECTOR_STATES,
}
UNDOCUMENTED_QUERIES: Final = {
    "GET /admins/activity_logs?page",
    "GET /admins/activity_logs?per_page",
    "GET /articles?per_page",
    "GET /contacts?per_page",
    "GET /events?per_page",
    "GET /events?user_id",
}


def version_of(call: Call) -> Description:
    return load("preview" if call.version else API_VERSION)


def parts(schema: dict[str, Any], document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A schema without references, and everything that it is composed of."""
    while "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = document["components"]["schemas"][name]
    yield schema
    for word in COMPOSED:
        for part in schema.get(word, ()):
            yield from parts(part, document)
    if "items" in schema:
        yield from parts(schema["items"], document)


def below(schema: dict[str, Any], document: dict[str, Any], name: str) -> dict[str, Any] | None:
    """The schema of a property, of an object or of a list's rows."""
    found = (part.get("properties", {}).get(name) for part in parts(schema, document))
    return next((one for one in found if one is not None), None)


def fields(model: type[Answer], prefix: str = "") -> Iterator[tuple[str, ...]]:
    """The dotted names of a model's fields, those of its parts included."""
    for name, field in model.model_fields.items():
        yield (*filter(None, prefix.split(".")), name)
        for part in models(field.annotation):
            yield from fields(part, f"{prefix}.{name}".lstrip("."))


def models(annotation: Any) -> Iterator[type[Answer]]:
    if get_origin(annotation):
        for argument in get_args(annotation):
            yield from models(argument)
    elif isinstance(annotation, type) and issubclass(annotation, Answer):
        yield annotation


def missing() -> set[str]:
    """Every field of a model that its call is not described to answer with."""
    calls = {call.name: call for call in AUDIT_CALLS}
    found = set()
    for name, status, key, model in ANSWERS:
        description = version_of(calls[name])
        answer = description.operation(*name.split(" "))["responses"][str(status)]
        root = answer["content"]["application/json"]["schema"]
        for path in fields(model, key):
            schema: dict[str, Any] | None = root
            for step in path:
                schema = below(schema, description.document, step) if schema else None
            if schema is None:
                found.add(f"{name}: {'.'.join(path)}")
    return found


def described_values() -> dict[str, frozenset[str]]:
    """The values that the description lists for a field of a model."""
    calls = {call.name: call for call in AUDIT_CALLS}
    found = {}
    for name, status, key, model in ANSWERS:
        description = version_of(calls[name])
        answer = description.operation(*name.split(" "))["responses"][str(status)]
        root = answer["content"]["application/json"]["schema"]
        for path in fields(model, key):
            schema: dict[str, Any] | None = root
            for step in path:
                schema = below(schema, description.document, step) if schema else None
            for part in parts(schema, description.document) if schema else ():
                if "enum" in part:
                    found[f"{name}: {'.'.join(path)}"] = frozenset(part["enum"])
    return found


def undescribed_queries() -> set[str]:
    """Every parameter of a call that its description does not have."""
    found = set()
    for call in AUDIT_CALLS:
        if not call.query:
            continue
        described = version_of(call).operation(call.method, call.route).get("parameters", ())
        names = {one.get("name") for one in described}
        found |= {f"{call.name}?{name}" for name in call.query if name not in names}
    return found


def test_the_whole_catalog_is_compared() -> None:
    assert len(list(fields(answers.Me))) == 7
    assert ("app", "region") in fields(answers.Me)
    asked = {name for name, *_ in ANSWERS}
    shown = {name for name in asked if not name.startswith("POST /secure")}
    assert shown <= {call.name for call in AUDIT_CALLS}


def test_an_invented_field_is_found() -> None:
    class Invented(Answer):
        shoe_size: int

    description = load(API_VERSION)
    schema = description.operation("GET", "/me")["responses"]["200"]["content"]
    root = schema["application/json"]["schema"]
    assert below(root, description.document, "email")
    (path,) = fields(Invented)
    assert below(root, description.document, path[0]) is None


def test_what_is_read_is_described_or_named_in_the_documentation() -> None:
    assert missing() == UNDOCUMENTED_FIELDS


def test_every_listed_value_of_what_is_read_is_known() -> None:
    assert described_values() == VALUES


def test_what_is_asked_is_described_or_named_in_the_documentation() -> None:
    assert undescribed_queries() == UNDOCUMENTED_QUERIES


@pytest.mark.parametrize("name", sorted(UNDOCUMENTED_FIELDS | UNDOCUMENTED_QUERIES))
def test_the_documentation_names_it(name: str) -> None:
    call, _, what = name.replace(": ", "?").partition("?")
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if f"`{call}`" in line]
    assert any(f"`{what}`" in row for row in rows)
