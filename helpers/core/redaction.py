r"""What is safe to write and to show: no secret in any form, and nothing invisible.

The redactor stands between everything that is written and the outside. Secrets are compared with
text in a normal form: escapes decoded, terminal colours, punctuation, blanks and invisible
characters left out, letters in lower case. In this form a secret is found plain, split over lines,
spaced, quoted, percent-encoded or as `\u` and `&#NN;` escapes. Its reversed, hex, base32, base64
and twice-base64 forms are searched for as well, and so is every fragment of 15 letters
and digits: the first or last 20 characters, for example.

Speed: 8 bytes of the normal form at a time are looked up in a set of all 8-byte pieces of all
forms. Every match of 15 characters or more contains such a piece, and most texts contain none.

Anything shaped like an Intercom access token is redacted too, registered or not.
`[redacted access_token 1f3a…]` takes a secret's place: its fingerprint, which reveals nothing.

This module imports nothing heavy: a commit waits for it.
"""

from __future__ import annotations

import base64
import html
import json
import re
import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from helpers.core.fingerprints import fingerprint, is_guessable

__all__ = ["KNOWN", "Redactor", "fingerprint", "is_redactable", "redact_kernel", "sanitize"]

# base64 of `tok:` and a hex digit, or the same decoded. The product lower-cases e-mail domains, so
# case counts for nothing.
_TOKEN: Final = re.compile(
    r"dG9rO[jkm][A-Za-z0-9_-]{40,120}={0,2}"
    r"|tok:[0-9a-f]{8}(?:[_-]?[0-9a-f]{4}){3}[_-]?[0-9a-f]{12}(?::\w{1,12}){0,4}",
    re.IGNORECASE,
)
_LAYOUT_TRACE: Final = re.compile(rb"tok[0-9a-f]{32}")
_SHORTEST: Final = 8  # shorter values appear in ordinary words
_LONGEST_WORD: Final = 16  # letters only: ordinary words, and some of our own keys and values
_PIECE: Final = 8  # bytes that are looked up at once
_SEARCHABLE: Final = 2 * _PIECE - 1  # a match this long contains a whole aligned piece
_LONGEST_KEY: Final = 20  # characters; our own keys are identifiers, and no secret
_STRETCH: Final = 4096  # characters between two known positions of the normal form

# What the normal form decodes or leaves out before everything but letters and digits goes.
# It begins with a set of characters, outside of the flag, because `re` then skips to the next one.
_NOISE: Final = re.compile(
    r"([\x1b\\%&](?i:(?<=\x1b)\[[0-9;?]*[ -/]*[@-~]"
    r"|(?<=\\)\\*(?:(?:u001b|x1b|033)\[[0-9;?]*[ -/]*[@-~]"
    r"|u[0-9a-f]{4}|u\{[0-9a-f]{1,6}\}|x[0-9a-f]{2}|[0-7]{3}|[abfnrtv])"
    r"|(?<=%)(?:25)*[0-9a-f]{2}"
    r"|(?<=&)(?:#(?:[0-9]{1,7}|x[0-9a-f]{1,6})|[a-z]{2,6});))"
)
_NUMBER: Final = re.compile(
    r"(?:\\+u\{?|\\+x|%(?:25)*|&#x)([0-9a-f]+)[;}]?|&#([0-9]+);|\\+([0-7]{3})", re.IGNORECASE
)
_BASES: Final = (16, 10, 8)  # of the groups of `_NUMBER`
_KEPT: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LEFT_OUT: Final = bytes(set(range(256)) - set(_KEPT))
_LOWER: Final = bytes(range(256)).lower()

# Control characters, bidirectional controls (Trojan Source, CVE-2021-42574), invisible formats
# and tags, line and paragraph separators. The joiners U+200C and U+200D stay: scripts need them.
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)


def is_redactable(value: str) -> bool:
    """Return False for a value under 8 characters or an ordinary word: it would redact any text."""
    word = value.isalpha() and len(value) < _LONGEST_WORD
    return len(value) >= _SHORTEST and not word


class _Form(NamedTuple):
    """A secret in one form, in the normal form's letters and digits."""

    content: bytes
    label: str


class _FoundSecrets:
    """Secrets in their normal form: many in little memory, and each added in constant time.

    Every eighth piece of a secret is kept, and looked up at every place of a text, so that here,
    too, every match of 15 characters is seen.
    """

    def __init__(self) -> None:
        self._pieces: dict[int, tuple[_Form, int]] = {}

    def add(self, value: str, label: str) -> None:
        """Add a secret."""
        form = _Form(_normal(value), label)
        for number, piece in enumerate(_aligned(form.content)):
            self._pieces.setdefault(piece, (form, number * _PIECE))

    def replaced(self, text: str) -> str:
        """The text with labels in place of the secrets."""
        if not self._pieces or not any(True for _ in self._spans(_normal(text))):
            return text
        return _View(text).without(self._spans)

    def _spans(self, content: bytes) -> Iterator[_Found]:
        done = 0
        for span in sorted(self._matches(content)):
            if span.label and span.start >= done:
                done = span.end
                yield span

    def _matches(self, content: bytes) -> Iterator[_Found]:
        for shift in range(_PIECE):
            pieces = _aligned(content[shift:])
            if self._pieces.keys().isdisjoint(pieces):
                continue
            for number, piece in enumerate(pieces):
                if known := self._pieces.get(piece):
                    yield _run(content, shift + number * _PIECE, *known)


class Redactor:
    """Replaces registered secrets, and what looks like a token, wherever text goes out."""

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}  # the value: its label
        self._index: _Index | None = None
        self._found = _FoundSecrets()

    def register(self, kind: str, value: str) -> None:
        """Make a secret known, unless it is an ordinary word or too short (`is_redactable`)."""
        if value in self._secrets or not is_redactable(value):
            return
        if self is not KNOWN:
            KNOWN.register(kind, value)
        self._secrets[value] = f"[redacted {kind} {fingerprint(kind, value)[:8]}]"
        self._index = None

    def register_found(self, kind: str, value: str) -> None:
        """Make known a secret that a search found, of which there may be many thousands.

        Only its normal form is searched for, not its encodings.
        """
        if is_redactable(value) and value not in self._secrets:
            self._found.add(value, f"[redacted {kind} {fingerprint(kind, value)[:8]}]")

    def text(self, text: str) -> str:
        """The text without secrets."""
        return self._found.replaced(self._without_registered(text))

    def _without_registered(self, text: str) -> str:
        index = self._built()
        content = _normal(text)
        if b"dg9ro" in content or _LAYOUT_TRACE.search(content):
            text = _TOKEN.sub(self._token_label, index.literals(text))
            content = _normal(text)
        if index.suspects(content):
            text = index.without_fragments(index.literals(text))
        return index.without_short(text)

    def data(self, value: Any) -> Any:
        """The same for JSON-like data, nested; bytes become redacted bytes."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            text = value.decode("utf-8", "surrogateescape")
            redacted = self.text(text)
            return value if redacted == text else redacted.encode("utf-8", "surrogateescape")
        if isinstance(value, dict):
            return {self._key(key): self.data(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self.data(item) for item in value)
        return value

    def leaks(self, content: bytes) -> Iterator[str]:
        """The labels of the registered secrets that a file's bytes contain, in any known form.

        Guessable values are left out, because a text may contain them by chance.
        """
        normal = _normal(content.decode("utf-8", "surrogateescape"))
        yield from sorted({found.label for found in self._built().found_in(normal)})

    def _key(self, key: Any) -> Any:
        """A key of a mapping: names of our own are never secrets, so guessable ones stay."""
        if not isinstance(key, str):
            return key
        return key if key.isidentifier() and len(key) <= _LONGEST_KEY else self.text(key)

    def _built(self) -> _Index:
        """Built on first use: secrets are registered by the dozen, and each changes it."""
        index = self._index
        if index is None:
            index = self._index = _Index(dict(self._secrets))
        return index

    def _token_label(self, match: re.Match[str]) -> str:
        token = match[0]
        if token[:4].lower() == "tok:":
            token = base64.b64encode(token.encode()).decode()
        known = self._secrets.get(token)
        return known or f"[redacted access_token {fingerprint('access_token', token)[:8]}]"


KNOWN: Final = Redactor()  # every secret that this process has read, for what it prints


class _Found(NamedTuple):
    """A span of the normal form that shows a secret."""

    start: int
    end: int
    label: str


class _Index:
    """The forms of some secrets, arranged for searching."""

    def __init__(self, secrets: dict[str, str]) -> None:
        self._pieces: dict[int, list[tuple[_Form, int]]] = {}
        strong: dict[str, str] = {}
        short: dict[str, str] = {}
        for value, label in secrets.items():
            hidden = not is_guessable(value) and len(_normal(value)) >= _SEARCHABLE
            for form in _printed(value):
                (strong if hidden else short).setdefault(form, label)
            for content in _encoded(value) if hidden else ():
                self._add(_Form(content, label))
        self._strong, self._short = _Literals(strong), _Literals(short, whole=True)

    def _add(self, form: _Form) -> None:
        for offset in range(len(form.content) - _PIECE + 1):
            piece = int.from_bytes(form.content[offset : offset + _PIECE], sys.byteorder)
            self._pieces.setdefault(piece, []).append((form, offset))

    def suspects(self, content: bytes) -> bool:
        """Return whether a piece of a secret stands in the normal form."""
        return not self._pieces.keys().isdisjoint(_aligned(content))

    def literals(self, text: str) -> str:
        """Replace the forms that are literally there; they end exactly where the secret does."""
        return self._strong.replaced(text)

    def without_short(self, text: str) -> str:
        """Replace guessable values where they are whole words and no keys of JSON."""
        return self._short.replaced(text)

    def without_fragments(self, text: str) -> str:
        """Replace every span whose normal form is, or is a long part of, a form of a secret."""
        return _View(text).without(self.found_in)

    def found_in(self, content: bytes) -> Iterator[_Found]:
        """Yield spans that show a secret, in order; none overlaps another."""
        if not self.suspects(content):
            return
        done = 0
        for number, piece in enumerate(_aligned(content)):
            at = number * _PIECE
            if at < done or piece not in self._pieces:
                continue
            runs = (_run(content, at, form, offset) for form, offset in self._pieces[piece])
            longest = max(runs, key=lambda run: run.end - run.start)
            if longest.label:
                start = max(longest.start, done)
                done = longest.end
                yield longest._replace(start=start)


def _run(content: bytes, at: int, form: _Form, offset: int) -> _Found:
    """The longest span around a piece that equals the form there; no label if it is too short."""
    known = form.content
    back = 0
    while back < min(at, offset) and content[at - back - 1] == known[offset - back - 1]:
        back += 1
    ahead = _PIECE
    most = min(len(content) - at, len(known) - offset)
    while ahead < most and content[at + ahead] == known[offset + ahead]:
        ahead += 1
    enough = back + ahead >= _SEARCHABLE
    return _Found(at - back, at + ahead, form.label if enough else "")


class _Literals:
    """A pattern of literal strings, with the label of each."""

    def __init__(self, labels: dict[str, str], *, whole: bool = False) -> None:
        self._labels = labels
        longest_first = "|".join(map(re.escape, sorted(labels, key=len, reverse=True)))
        pattern = rf"(?<!\w)(?:{longest_first})(?!\w|\"\s*:)" if whole else longest_first
        self._pattern = re.compile(pattern) if labels else None

    def replaced(self, text: str) -> str:
        """The text with labels in place of the strings."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self._labels[match[0]], text)


class _View:
    """A text's normal form, with the way back to the text's own positions."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._parts = list(_stretches(text))
        normal = [_letters(decoded) for _, _, decoded in self._parts]
        self.content = b"".join(normal)
        self._starts = [0, *accumulate(map(len, normal))]

    def without(self, found_in: Callable[[bytes], Iterator[_Found]]) -> str:
        """The text with labels in place of what is found in its normal form."""
        parts, place = [], 0
        for found in found_in(self.content):
            start, end = self.position(found.start), self.position(found.end - 1) + 1
            parts += [self._text[place:start], found.label]
            place = self.end_of(end)
        return "".join([*parts, self._text[place:]])

    def position(self, at: int) -> int:
        """Where in the text the letter at this position of the normal form begins."""
        start, source, decoded = self._part(at)
        if source is not decoded:
            return start
        left = at - self._starts[bisect_right(self._starts, at) - 1]
        for offset, character in enumerate(source):
            if character.isascii() and character.isalnum():
                if not left:
                    return start + offset
                left -= 1
        return start  # pragma: no cover (every position is in its part)

    def end_of(self, end: int) -> int:
        """The end of an escape that begins just before, and of base64's padding."""
        escape = _NOISE.match(self._text, end - 1)
        end = escape.end() if escape else end
        while self._text[end : end + 1] == "=":
            end += 1
        return end

    def _part(self, at: int) -> tuple[int, str, str]:
        return self._parts[bisect_right(self._starts, at) - 1]


def _stretches(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield position, source and decoded form of each part; of plain text they are one object."""
    place = 0
    for number, part in enumerate(_NOISE.split(text)):
        if number % 2:
            yield place, part, _decoded(part)
        else:
            for offset in range(0, len(part), _STRETCH):
                plain = part[offset : offset + _STRETCH]
                yield place + offset, plain, plain
        place += len(part)


def _normal(text: str) -> bytes:
    """The normal form: letters and digits of the decoded text, in lower case."""
    return _letters(_NOISE.sub(lambda match: _decoded(match[0]), text))


def _letters(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass").translate(_LOWER, _LEFT_OUT)


@lru_cache(1024)
def _decoded(escape: str) -> str:
    """The letter that an escape stands for; nothing for any other character."""
    match = _NUMBER.fullmatch(escape)
    for digits, base in zip(match.groups(), _BASES, strict=True) if match else ():
        if digits and int(digits, base) < 128:  # noqa: PLR2004 (ASCII)
            return chr(int(digits, base))
    return ""


def _aligned(content: bytes) -> memoryview:
    """The normal form as numbers of eight bytes; what is left at the end is in no number."""
    return memoryview(content[: len(content) // _PIECE * _PIECE]).cast("Q")


def _printed(value: str) -> Iterator[str]:
    """The forms in which programs print a value."""
    raw = _raw(value)
    yield value
    yield json.dumps(value)[1:-1]
    yield repr(value)[1:-1]
    yield html.escape(value)
    yield quote(raw, safe="")
    yield raw.hex()
    yield raw.hex().upper()
    yield base64.b64encode(raw).decode()
    yield base64.urlsafe_b64encode(raw).decode()


def _encoded(value: str) -> Iterator[bytes]:
    """The normal forms of a value and of its encodings."""
    raw = _raw(value)
    inner = ((token.decode("ascii"), token) for token in _token_inside(raw))
    for text, plain in ((value, raw), *inner):
        forms = {_normal(text), plain.hex().encode()}
        for shift in range(5):  # base32 works on groups of five bytes
            forms.add(_core(base64.b32encode, plain, shift, 5, 8))
        for once in (_core(base64.b64encode, plain, shift, 3, 4, fold=False) for shift in range(3)):
            forms.add(_letters(once.decode()))
            forms.update(_core(base64.b64encode, once, shift, 3, 4) for shift in range(3))
        for form in forms:
            yield form
            yield form[::-1]


def _raw(value: str) -> bytes:
    """The bytes of a value. What is no UTF-8 in the environment is a half surrogate in Python."""
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")


def _token_inside(raw: bytes) -> Iterator[bytes]:
    """What an access token decodes to, which is the token in another spelling."""
    try:
        decoded = base64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True)
    except ValueError:
        return
    if decoded.startswith(b"tok:") and decoded.isascii():
        yield decoded


def _core(
    encode: Callable[[bytes], bytes],
    raw: bytes,
    shift: int,
    group: int,
    letters: int,
    *,
    fold: bool = True,
) -> bytes:
    """The part of an encoding that does not depend on what surrounds the value."""
    padded = b"\0" * shift + raw
    core = encode(padded[: len(padded) // group * group])[letters if shift else 0 :]
    return _letters(core.decode()) if fold else core


def redact_kernel(redactor: Redactor) -> Callable[[], None]:
    """Put the redactor between this kernel and its clients; the answer undoes it.

    Wraps the kernel session's serialisation, through which every output, error and widget message
    passes. Outside a kernel nothing happens.
    """
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    session = getattr(getattr(shell, "kernel", None), "session", None)
    if session is None:
        return lambda: None
    original = session.serialize

    def serialize(msg: dict[str, Any], ident: Any = None) -> Any:
        return original({**msg, "content": redactor.data(msg.get("content", {}))}, ident)

    session.serialize = serialize
    return lambda: setattr(session, "serialize", original)


def sanitize(text: str) -> str:
    """The text on one line, with what can't be seen or would rearrange it spelled out."""
    return _UNSEEN.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    character = match[0]
    if character in "\n\r\t":
        return " "
    code = ord(character)
    if unicodedata.category(character) == "Cc":
        return f"\\x{code:02x}"
    return f"\\u{code:04x}"
