"""How a body or secret may have been altered: each variant undoes one alteration, if it can.

Pure. A variant only means something once a signature matches it.
"""

from __future__ import annotations

import base64
import json
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs

__all__ = ["BODIES", "KEYS", "Alteration", "Variant", "variants_of"]

_LARGEST: Final = 16_777_216  # bytes of an unpacked body
_BOM: Final = b"\xef\xbb\xbf"


class Alteration(StrEnum):
    """What happened to a body or a secret."""

    NONE = "none"
    RESERIALISED = "reserialised"
    CHARSET = "charset"
    LINE_ENDS = "line_ends"
    PACKED = "packed"
    EMPTY = "empty"
    SECRET_FORM = "secret_form"  # noqa: S105 (a name, not a password)


@dataclass(frozen=True)
class Variant:
    """One alteration: `description` names it, and `undo` returns the bytes as they were before."""

    alteration: Alteration
    description: str
    undo: Callable[[bytes], bytes | None]


def variants_of(content: bytes, variants: tuple[Variant, ...]) -> Iterator[tuple[Variant, bytes]]:
    """The content itself, then what it may have been, without duplicates."""
    seen = {content}
    yield _AS_IT_IS, content
    for variant in variants:
        before = _undone(variant, content)
        if before is not None and before not in seen:
            seen.add(before)
            yield variant, before


def _undone(variant: Variant, content: bytes) -> bytes | None:
    try:
        return variant.undo(content)
    except (ValueError, RecursionError, zlib.error):
        return None


def _compact(body: bytes) -> bytes:
    return _json(body).encode("utf-8", "surrogatepass")


def _ascii(body: bytes) -> bytes:
    return _json(body, ascii_only=True).encode()


def _as_rails(body: bytes) -> bytes:
    text = _json(body)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode("utf-8", "surrogatepass")


def _as_php(body: bytes) -> bytes:
    return _json(body, ascii_only=True).replace("/", "\\/").encode()


def _as_python(body: bytes) -> bytes:
    return json.dumps(json.loads(body)).encode()


def _pretty(body: bytes) -> bytes:
    return json.dumps(json.loads(body), indent=2, ensure_ascii=False).encode()


def _json(body: bytes, *, ascii_only: bool = False) -> str:
    return json.dumps(json.loads(body), ensure_ascii=ascii_only, separators=(",", ":"))


def _unzipped(body: bytes) -> bytes | None:
    packed = zlib.decompressobj(wbits=47)  # gzip or zlib, whichever it is
    content = packed.decompress(body, _LARGEST)
    return content if packed.eof else None


def _out_of_a_form(body: bytes) -> bytes | None:
    fields = parse_qs(body.decode("ascii"), max_num_fields=8)
    return next((values[0].encode() for values in fields.values() if len(fields) == 1), None)


def _out_of_text(body: bytes) -> bytes | None:
    inner = json.loads(body)
    return inner.encode() if isinstance(inner, str) else None


def _normal(form: str) -> Callable[[bytes], bytes]:
    return lambda body: unicodedata.normalize(form, body.decode()).encode()  # type: ignore[arg-type]


def _unquoted(secret: bytes) -> bytes | None:
    inner = secret.strip()
    quoted = len(inner) > 1 and inner[:1] == inner[-1:] and inner[:1] in {b'"', b"'"}
    return inner[1:-1] if quoted else None


_AS_IT_IS: Final = Variant(Alteration.NONE, "as it is", lambda content: content)

BODIES: Final = (  # specific before general: a parser undoes white space too
    Variant(
        Alteration.CHARSET,
        "UTF-8 was read as Latin-1 and written as UTF-8 again",
        lambda body: body.decode().encode("latin-1"),
    ),
    Variant(
        Alteration.CHARSET,
        "UTF-8 was read as Windows-1252 and written as UTF-8 again",
        lambda body: body.decode().encode("cp1252"),
    ),
    Variant(
        Alteration.CHARSET,
        "UTF-8 was turned into Latin-1",
        lambda body: body.decode("latin-1").encode(),
    ),
    Variant(
        Alteration.CHARSET,
        "UTF-8 was turned into UTF-16",
        lambda body: body.decode("utf-16").encode(),
    ),
    Variant(Alteration.CHARSET, "a byte order mark was added", lambda b: b.removeprefix(_BOM)),
    Variant(Alteration.CHARSET, "its byte order mark was removed", lambda body: _BOM + body),
    Variant(Alteration.CHARSET, "its Unicode was composed (NFC)", _normal("NFD")),
    Variant(Alteration.CHARSET, "its Unicode was decomposed (NFD)", _normal("NFC")),
    Variant(Alteration.LINE_ENDS, "white space was appended", lambda body: body.rstrip()),
    Variant(Alteration.LINE_ENDS, "its trailing line feed was removed", lambda body: body + b"\n"),
    Variant(
        Alteration.LINE_ENDS,
        "LF became CR LF",
        lambda body: body.replace(b"\r\n", b"\n"),
    ),
    Variant(
        Alteration.LINE_ENDS,
        "CR LF became LF",
        lambda body: body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    ),
    Variant(Alteration.PACKED, "it was compressed in transit", _unzipped),
    Variant(
        Alteration.PACKED,
        "it was encoded as base64",
        lambda body: base64.b64decode(body.strip(), validate=True),
    ),
    Variant(Alteration.PACKED, "it was wrapped in a form field", _out_of_a_form),
    Variant(Alteration.PACKED, "it was wrapped in a JSON string", _out_of_text),
    Variant(Alteration.EMPTY, "it was empty", lambda _body: b""),
    Variant(Alteration.RESERIALISED, "it was compact JSON in UTF-8", _compact),
    Variant(Alteration.RESERIALISED, "it was compact JSON with <, > and & escaped", _as_rails),
    Variant(Alteration.RESERIALISED, "it was compact JSON with escapes for all non-ASCII", _ascii),
    Variant(Alteration.RESERIALISED, "it was compact JSON with escaped slashes", _as_php),
    Variant(Alteration.RESERIALISED, "it was JSON with spaces after commas and colons", _as_python),
    Variant(Alteration.RESERIALISED, "it was JSON on several lines", _pretty),
)

KEYS: Final = (
    Variant(Alteration.SECRET_FORM, "without white space around it", lambda key: key.strip()),
    Variant(Alteration.SECRET_FORM, "without the quotes around it", _unquoted),
    Variant(Alteration.SECRET_FORM, "with a line feed appended", lambda key: key + b"\n"),
    Variant(
        Alteration.SECRET_FORM, "decoded from hex", lambda key: bytes.fromhex(key.decode("ascii"))
    ),
    Variant(
        Alteration.SECRET_FORM,
        "decoded from base64",
        lambda key: base64.b64decode(key, validate=True),
    ),
)
