"""The policy as documents: a commented file to start with, and a schema for editors."""

from __future__ import annotations

import json
from typing import Any, Final

from helpers.core.policy import PROFILE_DEFAULTS, Policy
from helpers.core.policy_file import PolicyValue, policy_keys
from helpers.core.toml_text import toml_value

__all__ = ["policy_schema", "policy_template", "policy_text"]

_HEAD: Final = """\
# What the runbook expects of an Intercom workspace. Each key stands here with its default, or with
# an example where the default is empty; remove the # of a line to change it.
# `runbook policy show` prints the values in force, and where each comes from.
# A table such as [profiles.staging.acts] holds for one environment: {profiles}.
"""


def policy_template() -> str:
    """A `policy.toml` in which every key is explained and switched off."""
    parts = [_HEAD.format(profiles=", ".join(PROFILE_DEFAULTS))]
    last = ""
    for table, key, field in policy_keys():
        if table != last:
            parts.append(f"\n# {_sentence(table)}\n[{table}]\n")
            last = table
        parts.append(f"# {field.description}\n# {key} = {toml_value(field.examples[0])}\n")
    return "".join(parts)


def policy_text(values: tuple[PolicyValue, ...]) -> str:
    """The values in force as TOML, each with the place that it comes from."""
    lines: list[str] = []
    last = ""
    for one in values:
        if one.table != last:
            lines += ["", f"[{one.table}]"]
            last = one.table
        lines.append(f"{one.key} = {toml_value(_plain(one.value))}  # {one.source}")
    return "\n".join(lines[1:]) + "\n"


def policy_schema() -> str:
    """The JSON schema of `policy.toml`, for completion and checks in an editor."""
    schema: dict[str, Any] = Policy.model_json_schema()
    tables = dict(schema["properties"])
    profile = {"type": "object", "properties": tables, "additionalProperties": False}
    schema["properties"]["profiles"] = {
        "type": "object",
        "description": "Tables that hold for one environment.",
        "properties": dict.fromkeys(PROFILE_DEFAULTS, profile),
        "additionalProperties": False,
    }
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "policy.toml"}
    return json.dumps({**schema, **head}, indent=2) + "\n"


def _sentence(table: str) -> str:
    model: Any = Policy.model_fields[table].annotation
    return str(model.__doc__).partition("\n")[0]


def _plain(value: Any) -> Any:
    """Records as tables, without what is empty."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.model_dump(exclude_defaults=True) if hasattr(value, "model_dump") else value
