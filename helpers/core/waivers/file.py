"""Read and extend `waivers.toml`. What can't be used is refused with its line, never skipped."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from helpers.core.errors import ConfigurationError, UsageError
from helpers.core.settings import read_bounded
from helpers.core.toml_text import toml_value
from helpers.core.waivers.records import Waiver, WaiverOrigin

__all__ = ["load_repository_waivers", "load_waivers", "with_waiver"]

_KEYS: Final = tuple(name for name in Waiver.model_fields if name != "origin")
_NEEDED: Final = tuple(name for name in _KEYS if name != "workspace")


def load_waivers(path: Path | None) -> tuple[Waiver, ...]:
    """The waivers of a file, in its order; none without a file. Raises ConfigurationError."""
    if path is None:
        return ()
    text = _read(path)
    entries = _entries(path, text)
    return tuple(_waiver(path, text, index, entry) for index, entry in enumerate(entries))


def load_repository_waivers(path: Path, on_default_branch: str | None) -> tuple[Waiver, ...]:
    """The waivers that came with the audited repository, each marked so.

    `on_default_branch` is the file's text there, None if it is not known: a waiver that isn't in it
    is new, as a pull request would add it.
    """
    accepted = _accepted(path, on_default_branch)
    return tuple(
        waiver.model_copy(update={"origin": _origin(waiver, accepted)})
        for waiver in load_waivers(path)
    )


def with_waiver(path: Path, waiver: Waiver) -> str:
    """The text of a file, which need not exist, with one waiver more at its end; the rest stays.

    Raises ConfigurationError where the file can't be used, UsageError where it has a waiver of the
    same check and resource.
    """
    text = _read(path) if path.exists() else ""
    for index, entry in enumerate(_entries(path, text)):
        known = _waiver(path, text, index, entry)
        same = (known.check, known.resource) == (waiver.check, waiver.resource)
        if same and known.workspace in ("", waiver.workspace):
            raise UsageError(
                f"{path}, line {_header(text, index) + 1} waives {waiver.check} for "
                f"{waiver.resource} until {known.expires}.",
                "Change `expires` and `reason` there.",
            )
    keys = _KEYS if waiver.workspace else _NEEDED
    lines = "".join(f"{key} = {toml_value(getattr(waiver, key))}\n" for key in keys)
    end = "" if text.endswith("\n") or not text else "\n"
    gap = "\n" if text else ""
    return f"{text}{end}{gap}[[waiver]]\n{lines}"


def _accepted(path: Path, text: str | None) -> tuple[Waiver, ...] | None:
    if text is None:
        return None
    try:
        return tuple(_waiver(path, text, n, e) for n, e in enumerate(_entries(path, text)))
    except ConfigurationError:
        return ()


def _origin(waiver: Waiver, accepted: tuple[Waiver, ...] | None) -> WaiverOrigin:
    if accepted is None:
        return WaiverOrigin.UNKNOWN
    return WaiverOrigin.REPOSITORY if waiver in accepted else WaiverOrigin.NEW


def _read(path: Path) -> str:
    try:
        return read_bounded(path).decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"{path} can't be read: it is not UTF-8.", "Fix it or name another file."
        ) from None


def _entries(path: Path, text: str) -> Sequence[Any]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.", "Fix that line.") from None
    entries = document.pop("waiver", [])
    if document or not isinstance(entries, list):
        name = next(iter(document), "waiver")
        raise _refuse(path, _line(text, 0, name), name, "write each waiver as a table [[waiver]]")
    return entries


def _waiver(path: Path, text: str, index: int, entry: Mapping[str, Any]) -> Waiver:
    if isinstance(entry, Mapping) and "origin" in entry:
        line = _line(text, _header(text, index), "origin")
        raise _refuse(path, line, "origin", _choice("extra_forbidden", ""))
    try:
        return Waiver.model_validate(entry)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(map(str, first["loc"])) or "waiver"
        line = _line(text, _header(text, index), name)
        raise _refuse(path, line, name, _choice(first["type"], first["msg"])) from None


def _choice(kind: str, message: str) -> str:
    keys = ", ".join(_KEYS)
    if kind == "extra_forbidden":
        return f"the keys of a waiver are {keys}"
    if kind == "missing":
        return f"every waiver needs {', '.join(_NEEDED)}"
    if kind.startswith("date"):
        return "a day, such as 2026-12-31"
    return message[0].lower() + message[1:]


def _refuse(path: Path, line: int, name: str, choice: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path}, line {line}: {name} is missing or can't be used.", f"Choice: {choice}."
    )


def _header(text: str, index: int) -> int:
    """The line, from 0, of the waiver's header; tomllib keeps no positions."""
    lines = text.splitlines()
    headers = [n for n, line in enumerate(lines) if re.match(r"\s*\[\[\s*waiver\s*\]\]", line)]
    return headers[index] if index < len(headers) else 0


def _line(text: str, start: int, name: str) -> int:
    """The line, from 1, that says a name between a header and the next; the header's otherwise."""
    pattern = re.compile(rf"\s*(\[+\s*)?[\"']?{re.escape(name)}[\"']?\s*[=\].]")
    lines = text.splitlines()
    for number, line in enumerate(lines[start:], start + 1):
        if number > start + 1 and re.match(r"\s*\[", line) and start:
            break
        if pattern.match(line):
            return number
    return start + 1
