"""The forms in which programs, shells, templates and logs print a value that they are given."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

__all__ = ["FORMS"]


def base32_after(length: int, value: str) -> str:
    return base64.b32encode(b"x" * length + value.encode() + b"after").decode()


def twice(value: str, before: bytes = b"") -> str:
    return base64.b64encode(before + base64.b64encode(value.encode()) + b"after").decode()


FORMS: Final[dict[str, Callable[[str], str]]] = {
    "plain": str,
    "quoted by Python": repr,
    "JSON": json.dumps,
    "JSON with an escaped equals sign": lambda v: v.replace("=", "\\u003d"),
    "JSON inside JSON": lambda v: json.dumps(json.dumps(v)),
    "HTML": html.escape,
    "percent-encoded": lambda v: quote(v, safe=""),
    "percent-encoded in full": lambda v: "".join(f"%{ord(c):02x}" for c in v),
    "percent-encoded twice": lambda v: "".join(f"%25{ord(c):02X}" for c in v),
    "JSON escapes": lambda v: "".join(f"\\u{ord(c):04x}" for c in v),
    "escaped JSON escapes": lambda v: "".join(f"\\\\u{ord(c):04X}" for c in v),
    "JavaScript escapes": lambda v: "".join(f"\\u{{{ord(c):x}}}" for c in v),
    "Python escapes": lambda v: "".join(f"\\x{ord(c):02x}" for c in v),
    "octal escapes": lambda v: "".join(f"\\{ord(c):03o}" for c in v),
    "decimal references": lambda v: "".join(f"&#{ord(c)};" for c in v),
    "hexadecimal references": lambda v: "".join(f"&#x{ord(c):X};" for c in v),
    "hex": lambda v: v.encode().hex(),
    "hex in capitals": lambda v: v.encode().hex().upper(),
    "hex with colons": lambda v: v.encode().hex(":"),
    "base64": lambda v: base64.b64encode(v.encode()).decode(),
    "base64 inside a longer text": lambda v: base64.b64encode(f"user:{v}:x".encode()).decode(),
    "URL-safe base64": lambda v: base64.urlsafe_b64encode(b"ab" + v.encode()).decode(),
    "base64 over lines": lambda v: base64.encodebytes(b"abc" + v.encode()).decode(),
    "base64 of base64": twice,
    "base64 of base64, shifted": lambda v: twice(v, b"a"),
    "base32": lambda v: base64.b32encode(v.encode()).decode(),
    "base32 in lower case": lambda v: base64.b32encode(v.encode()).decode().lower(),
    "base32, shifted by two": lambda v: base32_after(2, v),
    "base32, shifted by four": lambda v: base32_after(4, v),
    "reversed": lambda v: v[::-1],
    "in capitals": str.upper,
    "in lower case": str.lower,
    "spaced": " ".join,
    "split by zero-width spaces": "\u200b".join,
    "split by no-break spaces": "\u00a0".join,
    "split over lines": lambda v: "\n    ".join((v[:13], v[13:26], v[26:])),
    "split over lines of JSON": lambda v: json.dumps("\n".join((v[:13], v[13:26], v[26:]))),
    "a list of its characters": lambda v: str(list(v)),
    "terminal colours between the characters": "\x1b[31m".join,
    "terminal colours in JSON": lambda v: json.dumps("\x1b[1;31m".join(v)),
    "without its separators": lambda v: v.replace("-", "").replace("_", ""),
    "the first twenty characters": lambda v: v[:20],
    "the last twenty characters": lambda v: v[-20:],
    "the middle": lambda v: v[4:-3],
    "UTF-16": lambda v: v.encode("utf-16-le").decode("latin-1"),
}
