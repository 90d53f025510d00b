"""Read `policy.toml`, and say where each value of a policy comes from.

Top-level tables hold for every profile; `[profiles.<name>.<table>]` overrides them for one. A wrong
key or value, of any profile, is a ConfigurationError that names the line and shows the right form.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from helpers.core.errors import ConfigurationError
from helpers.core.model import Record
from helpers.core.policy import (
    PROFILE_DEFAULTS,
    Acts,
    Limits,
    Policy,
    PolicySource,
    WaiverPolicy,
)
from helpers.core.settings import read_bounded
from helpers.core.toml_text import toml_value

__all__ = ["PolicyValue", "load_policy", "load_restricted_policy", "policy_keys", "policy_values"]

# What sends something, runs something, decides where a secret is kept, or allows more waivers.
_ARMING: Final[Mapping[str, tuple[str, ...]]] = {
    "acts": tuple(Acts.model_fields),
    "rotation": ("store", "consumers"),
    "auditlog": ("mirror_contact", "syslog"),
    "limits": tuple(Limits.model_fields),
    "waivers": tuple(WaiverPolicy.model_fields),
}
_HEADER: Final = re.compile(r"\s*\[+\s*([^\[\]]+?)\s*\]")
_ASSIGNMENT: Final = re.compile(r"\s*([\w.\"'\s-]+?)\s*=")
_PROFILES: Final = "profiles"


@dataclass(frozen=True)
class PolicyValue:
    """A key's value in force, and the layer that set it: `policy.toml, line 4`, or a default."""

    table: str
    key: str
    value: Any
    source: str


def load_policy(profile: str, path: Path | None = None) -> Policy:
    """The policy of a profile: the defaults, overlaid with the file.

    Raises ConfigurationError, with the line, where the file is not TOML or holds a value that is
    not allowed.
    """
    text = _read(path) if path else ""
    document = _parse(text, path)
    for other in document.get(_PROFILES, {}):
        _validated(document, other, path, text)
    return _validated(document, profile, path, text)


def load_restricted_policy(profile: str, path: Path) -> tuple[Policy, PolicySource]:
    """The policy of a file in the audited repository, without what would arm something."""
    given, default = load_policy(profile, path), load_policy(profile)
    ignored = [
        f"{table}.{key}"
        for table, keys in _ARMING.items()
        for key in keys
        if getattr(getattr(given, table), key) != getattr(getattr(default, table), key)
    ]
    tables = {
        table: getattr(given, table).model_copy(
            update={key: getattr(getattr(default, table), key) for key in keys}
        )
        for table, keys in _ARMING.items()
    }
    source = PolicySource(file=path.name, from_repository=True, ignored=tuple(ignored))
    return given.model_copy(update=tables), source


def policy_keys() -> Iterator[tuple[str, str, Any]]:
    """Every table, key and pydantic field of the policy, in their order."""
    for table, field in Policy.model_fields.items():
        model: Any = field.annotation
        for key, inner in model.model_fields.items():
            yield table, key, inner


def policy_values(
    profile: str, policy: Policy, source: PolicySource, path: Path | None
) -> tuple[PolicyValue, ...]:
    """Every value of a policy that was loaded from `path`, with where it comes from."""
    text = _read(path) if path else ""
    document = _parse(text, path)
    return tuple(
        PolicyValue(
            table,
            key,
            getattr(getattr(policy, table), key),
            _origin(profile, (table, key), source, document, text),
        )
        for table, key, _ in policy_keys()
    )


def _origin(
    profile: str, where: tuple[str, str], source: PolicySource, document: Any, text: str
) -> str:
    default = _has(PROFILE_DEFAULTS.get(profile, {}), where)
    built_in = f"default of {profile}" if default else "default"
    for full in ((_PROFILES, profile, *where), where):
        if _has(document, full):
            said = f"{source.file}, line {_line_of(text, full)}"
            ignored = ".".join(where) in source.ignored
            return f"{built_in}; ignored: {said}" if ignored else said
    return built_in


def _has(document: Any, where: Sequence[str]) -> bool:
    for name in where:
        if not isinstance(document, Mapping) or name not in document:
            return False
        document = document[name]
    return True


def _read(path: Path) -> str:
    try:
        return read_bounded(path).decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"{path} can't be read: it is not UTF-8.", "Fix it or name another file."
        ) from None


def _parse(text: str, path: Path | None) -> dict[str, Any]:
    """The document, with profiles that exist and are tables."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.", "Fix that line.") from None
    profiles = document.get(_PROFILES, {})
    if not isinstance(profiles, Mapping):
        raise _refuse(path, text, (_PROFILES,), _table("profiles.staging.acts"))
    for name, tables in profiles.items():
        if name not in PROFILE_DEFAULTS:
            known = ", ".join(PROFILE_DEFAULTS)
            raise _refuse(path, text, (_PROFILES, name), f"Choice: use one of {known}.")
        if not isinstance(tables, Mapping):
            raise _refuse(path, text, (_PROFILES, name), _table(f"profiles.{name}.acts"))
    return document


def _validated(document: Mapping[str, Any], profile: str, path: Path | None, text: str) -> Policy:
    shared = {name: value for name, value in document.items() if name != _PROFILES}
    own = document.get(_PROFILES, {}).get(profile, {})
    merged = _overlay(_overlay(PROFILE_DEFAULTS.get(profile, {}), shared), own)
    try:
        return Policy.model_validate(merged)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = tuple(str(part) for part in first["loc"] if part != "[key]")
        inner = _has(own, where[:2]) or (_has(own, where[:1]) and not _has(shared, where[:1]))
        full = (_PROFILES, profile, *where) if inner else where
        raise _refuse(path, text, full, _advice(where, first["type"], first["msg"])) from None


def _overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _overlay(old, value) if both else value  # type: ignore[arg-type]
    return merged


def _refuse(
    path: Path | None, text: str, where: tuple[str, ...], advice: str
) -> ConfigurationError:
    line = _line_of(text, where)
    return ConfigurationError(f"{path}, line {line}: {'.'.join(where)} can't be used.", advice)


def _line_of(text: str, where: Sequence[str]) -> int:
    """The line that comes nearest to saying a dotted path (tomllib keeps no positions)."""
    wanted, best = tuple(where), (0, 1)
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = said = _names(header[1])
        elif assignment := _ASSIGNMENT.match(line):
            said = (*table, *_names(assignment[1]))
        else:
            continue
        shared = len(said) if said == wanted[: len(said)] else 0
        best = max(best, (shared, number), key=lambda pair: pair[0])
    return best[1]


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(name.strip(" \t\"'") for name in dotted.split("."))


def _advice(where: tuple[str, ...], kind: str, message: str) -> str:
    """What is allowed: the known keys for an unknown one, else pydantic's reason and an example."""
    tables = Policy.model_fields
    if where[0] not in tables:
        return f"Choice: the keys here are {', '.join(tables)}."
    model: Any = tables[where[0]].annotation
    if len(where) == 1:
        return _table(where[0])
    if where[1] not in model.model_fields:
        return f"Choice: the keys here are {', '.join(model.model_fields)}."
    example = f"Write it like this: {where[1]} = {_example(model.model_fields[where[1]])}"
    if kind == "extra_forbidden":
        inner: Any = _record_in(model.model_fields[where[1]].annotation)
        return f"Choice: the keys here are {', '.join(inner.model_fields)}. {example}"
    reason = message.removeprefix("Value error, ")
    return f"Choice: {reason[0].lower()}{reason[1:]}. {example}"


def _record_in(annotation: Any) -> type[Record]:
    """The record that a list of records holds."""
    found: type[Record] = annotation.__args__[0]
    return found


def _example(field: Any) -> str:
    return toml_value(field.examples[0])


def _table(name: str) -> str:
    """How a table is written, with its first key."""
    model: Any = Policy.model_fields[name.rpartition(".")[2]].annotation
    key, field = next(iter(model.model_fields.items()))
    return f"It is a table. Write it like this: [{name}] and below it {key} = {_example(field)}"
