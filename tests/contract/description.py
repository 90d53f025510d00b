"""Intercom's own description of its API, made strict enough to catch an invented field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from openapi_schema_validator import OAS30Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from tests.vendored import api_description

URN = "urn:intercom"
COMPOSED = ("allOf", "anyOf", "oneOf")


@dataclass(frozen=True)
class Description:
    """One version of the API description (OpenAPI 3.0)."""

    document: dict[str, Any]
    registry: Registry[Any]

    def operation(self, method: str, route: str) -> dict[str, Any]:
        """The operation of a route, whatever its placeholders are called."""
        for path, operations in self.document["paths"].items():
            if bare(path) == bare(route):
                found: dict[str, Any] = operations[method.lower()]
                return found
        raise KeyError(f"{method} {route} is not described")

    def statuses(self, method: str, route: str) -> set[int]:
        """The statuses that are described for a route."""
        return {int(s) for s in self.operation(method, route)["responses"] if s.isdigit()}

    def codes(self, method: str, route: str, status: int) -> set[str]:
        """The error codes in the examples of an answer."""
        content = self.operation(method, route)["responses"][str(status)].get("content", {})
        return {
            error["code"]
            for media in content.values()
            for example in media.get("examples", {}).values()
            for error in example["value"].get("errors", ())
        }

    def complaints(self, method: str, route: str, status: int, body: Any) -> list[str]:
        """What is wrong with an answer; an answer without a described body may be anything."""
        answer = self.operation(method, route)["responses"][str(status)]
        media = answer.get("content", {}).get("application/json", {})
        return self._against(media["schema"], body) if "schema" in media else []

    def schema_complaints(self, name: str, body: Any) -> list[str]:
        """What is wrong with a body that should follow the named schema."""
        return self._against({"$ref": f"#/components/schemas/{name}"}, body)

    def _against(self, schema: dict[str, Any], body: Any) -> list[str]:
        rooted = _rooted(schema)
        validator = OAS30Validator(rooted, registry=self.registry)
        return [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
            for error in validator.iter_errors(body)
        ]


@cache
def load(version: str) -> Description:
    """Read a version: `2.16` or `preview`."""
    document = yaml.load(api_description(version), Loader=yaml.CSafeLoader)
    _close(document)
    resource = DRAFT4.create_resource(document)
    return Description(document, Registry().with_resource(URN, resource))


def bare(path: str) -> str:
    """A path whatever its placeholders are called."""
    return re.sub(r"\{\w+\}", "{}", path)


def _rooted(node: Any) -> Any:
    """The same schema with its references bound to the document."""
    if isinstance(node, dict):
        return {
            k: f"{URN}{v}" if k == "$ref" and v.startswith("#") else _rooted(v)
            for k, v in node.items()
        }
    return [_rooted(item) for item in node] if isinstance(node, list) else node


def _close(document: dict[str, Any]) -> None:
    """Forbid undescribed properties, except in parts of compositions, which can't be closed.

    Let what is nullable be null though it has an enum: the examples need it.
    """
    schemas = document["components"]["schemas"]
    parts = {id(part) for node in _nodes(document) for part in _parts(node, schemas)}
    for node in _nodes(document):
        composed = any(key in node for key in COMPOSED)
        if node.get("nullable") is True and "enum" in node:
            node["enum"] = [*node["enum"], None]
        if "properties" in node and not composed and id(node) not in parts:
            node.setdefault("additionalProperties", False)


def _parts(node: dict[str, Any], schemas: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key in COMPOSED:
        for part in node[key] if isinstance(node.get(key), list) else ():
            yield schemas[part["$ref"].rsplit("/", 1)[-1]] if "$ref" in part else part


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every mapping of the document that could be a schema."""
    if isinstance(node, dict):
        if "properties" not in node or isinstance(node.get("properties"), dict):
            yield node
        for key, value in node.items():
            if key not in ("example", "examples"):
                yield from _nodes(value)
    elif isinstance(node, list):
        for item in node:
            yield from _nodes(item)
