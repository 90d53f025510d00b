"""Change the bytes of one value in the text of an env file, and no other byte.

python-dotenv's own parser says where each binding begins and ends, so that what looks like the
variable inside a multiline value of another one is left alone. Afterwards the result is parsed
again: every other binding has to be what it was.
"""

from __future__ import annotations

import codecs
import io
import re
from typing import Final

from dotenv.parser import Binding, parse_stream

from helpers.rotation.stores.base import StoreError

__all__ = ["SAFE_VALUE", "EnvFileError", "splice", "value_of"]

SAFE_VALUE: Final = re.compile(r"[A-Za-z0-9+/=_.:~-]+")  # the same in every quoting

# The grammar of python-dotenv up to the value, and the value itself.
_HEAD: Final = re.compile(r"\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=#\s]+)[^\S\r\n]*=[^\S\r\n]*")
_QUOTED: Final = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_BARE: Final = re.compile(r"[^\r\n]*")


class EnvFileError(StoreError):
    """The env file can't be changed safely as it is written."""


def value_of(content: bytes, variable: str) -> str | None:
    """The value of a variable as python-dotenv reads it, without interpolation.

    Raises EnvFileError where the file is not UTF-8 or a line of it is no binding, and where the
    variable is set more than once.
    """
    found = _single(_bindings(_text(content)), variable)
    return found.value if found else None


def splice(content: bytes, variable: str, value: str) -> bytes:
    """The content with another value for `variable`. Raises EnvFileError."""
    if not SAFE_VALUE.fullmatch(value):
        raise EnvFileError(
            "The new value holds characters that mean something in an env file.",
            "Was it pasted whole, without quotes or blanks round it?",
        )
    text = _text(content)
    before = _bindings(text)
    target = _single(before, variable)
    if target is None or target.value is None:
        raise EnvFileError(f"{variable} has no value here.", f"Add a line {variable}=… first.")
    lead = "".join(b.original.string for b in before[: before.index(target)])
    start, end = _span(target.original.string)
    changed = text[: len(lead) + start] + value + text[len(lead) + end :]
    _compare(before, _bindings(changed), target, value)
    return _bom(content) + changed.encode("utf-8")


def _bom(content: bytes) -> bytes:
    return codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""


def _text(content: bytes) -> str:
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        raise EnvFileError("The env file is not UTF-8.", "Save it as UTF-8.") from None


def _bindings(text: str) -> list[Binding]:
    bindings = list(parse_stream(io.StringIO(text, newline="")))
    broken = next((b for b in bindings if b.error), None)
    if broken:
        raise EnvFileError(
            f"Line {broken.original.line} of the env file is not NAME=value.", "Mend that line."
        )
    if "".join(b.original.string for b in bindings) != text:
        raise EnvFileError("The env file starts with two byte order marks.", "Remove them.")
    return bindings


def _single(bindings: list[Binding], variable: str) -> Binding | None:
    found = [binding for binding in bindings if binding.key == variable]
    if len(found) > 1:
        lines = ", ".join(str(binding.original.line) for binding in found)
        raise EnvFileError(
            f"{variable} is set more than once (lines {lines}); readers disagree on which counts.",
            "Keep one of the lines.",
        )
    return found[0] if found else None


def _span(binding: str) -> tuple[int, int]:
    """Where the value stands in a binding's own text, quotes left out."""
    head = _HEAD.match(binding)
    if head is None:
        raise EnvFileError("The variable's line has an unusual form.", "Write it as NAME=value.")
    start = head.end()
    if quoted := _QUOTED.match(binding, start):
        return start + 1, quoted.end() - 1
    bare = _BARE.match(binding, start)
    part = bare[0] if bare else ""
    if part.startswith("#") and binding[start - 1] != "=":
        return start, start  # `NAME= # comment`: empty, with a comment
    return start, start + len(re.sub(r"\s+#.*", "", part).rstrip())


def _compare(before: list[Binding], after: list[Binding], target: Binding, value: str) -> None:
    """Nothing but the one value may have changed."""
    wanted = [(b.key, value if b is target else b.value) for b in before]
    if wanted != [(b.key, b.value) for b in after]:
        raise EnvFileError(
            "The new value can't be written without changing other lines.",
            "Write the variable as NAME=value on a line of its own.",
        )
