"""A call to Intercom that was found in a source, and the scope that it needs."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from helpers.intercom.scopes import GuardedRoute, guard_of
from helpers.scopes.records import Certainty, Use

__all__ = [
    "HOLE",
    "FoundCall",
    "Nearby",
    "endpoint_of",
    "endpoint_path",
    "host_path",
    "sdk_call",
    "talks",
    "uses_of",
]

LONGEST_CHAIN: Final = 40  # names and calls in one expression that are followed
HOLE: Final = "0"  # what stands for a value that is not known before the code runs
_HOLE: Final = r"\$\{[^{}]*\}|#\{[^{}]*\}|\{\{[^{}]*\}\}|\{[^{}]*\}|%\(\w+\)s|%[sd@]"
_HOLES: Final = re.compile(rf"{_HOLE}|<[\w-]+>|:[a-z_]\w*|\$\w+")
_HOST: Final = re.compile(
    rf"https?://(?:api(?:\.(?:eu|au))?|{HOLE}|{_HOLE})\.intercom\.(?:io|com)"
    r"(?P<path>/(?:\{\{[^{}]*\}\}|[^\s\"'`<>])*)?"
)
_LIBRARY: Final = re.compile(
    r"""(from|require\(|import\()\s*['"]intercom-client['"/]|^\s*(from|import) intercom\b""",
    re.MULTILINE,
)
_SERVER: Final = re.compile(r"app|router|server|blueprint|fastify", re.IGNORECASE)
_CLIENT: Final = re.compile(
    r"^(self|this|cls)$|client|session|api|http|request|intercom", re.IGNORECASE
)
_PLAIN: Final = re.compile(r"(/[\w.\-]+)+")
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class FoundCall:
    """A call as it stands in a source. `method` is "" where the source does not say."""

    method: str
    path: str
    line: int
    sure: Certainty
    how: str


@dataclass(frozen=True)
class Nearby:
    """What a source's neighbours do: call Intercom's host, use the official library.

    A relative path or a method chain that says little alone says more beside them.
    """

    host: bool = False
    sdk: bool = False

    def __or__(self, other: Nearby) -> Nearby:
        return Nearby(self.host or other.host, self.sdk or other.sdk)


def talks(source: str) -> Nearby:
    """What a source itself does, as far as its text shows."""
    return Nearby(bool(_HOST.search(source)), bool(_LIBRARY.search(source)))


def host_path(text: str) -> str | None:
    """The path behind Intercom's host in a text, or None; "" for the bare host."""
    match = _HOST.search(text)
    return endpoint_path(match["path"] or "") if match else None


def endpoint_path(text: str) -> str:
    """A path with its holes filled, without query and trailing slash; "" for what is not a path."""
    filled = _HOLES.sub(HOLE, text.partition("?")[0].partition("#")[0])
    path = "/" + filled.strip("/")
    return path if _PLAIN.fullmatch(path) else ""


class Names:
    """The texts that names are bound to in a source; a use has the binding nearest above it."""

    def __init__(self) -> None:
        self._bound: dict[str, list[tuple[int, str | None]]] = defaultdict(list)

    def bind(self, name: str, line: int, text: str | None) -> None:
        """Note a binding; None for what is not text. Lines have to ascend."""
        self._bound[name].append((line, text))

    def text(self, name: str, line: int) -> str | None:
        """What a name says at a line; further up nothing, unless it is bound to one text alone."""
        bound = self._bound.get(name, [])
        above = [text for at, text in bound if at <= line]
        if above:
            return above[-1]
        return bound[0][1] if len({text for _, text in bound}) == 1 else None


def calls_out(names: tuple[str, ...], path: str) -> bool:
    """Whether `receiver.get(path)` may be a call, and not a look into a dictionary or a route.

    `data.get("contacts")` reads a dictionary; `router.get("/contacts")` answers such a call.
    """
    receiver = names[-2] if len(names) > 1 else ""
    if _SERVER.fullmatch(receiver):
        return False
    return "/" in path or not receiver or bool(_CLIENT.search(receiver))


@cache
def _sdk() -> Mapping[str, str]:
    tables = _data()
    return {**tables["older"], **tables["methods"]}


@cache
def _data() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files(__package__).joinpath("data/sdk.toml").read_text("utf-8"))


def endpoint_of(method: str, path: str) -> GuardedRoute | None:
    """The endpoint of a call; of one to API version 1, that which took its place."""
    for old, new in _data()["routes"].items():
        if re.fullmatch(old.replace("{id}", r"[^/]+"), f"{method} {path}"):
            return guard_of(*new.split(" "))
    return guard_of(method, path)


def sdk_call(names: tuple[str, ...]) -> str | None:
    """What a chain such as `client.contacts.list` calls in the official libraries, or None."""
    chain = [re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower() for name in names]
    for length in (3, 2):
        found = _sdk().get(".".join(chain[-length:])) if len(chain) > length - 1 else None
        if found:
            return found
    return None


def uses_of(found: Iterable[FoundCall], path: str) -> Iterator[Use]:
    """The scopes behind what was found in a file; what no catalog knows is left out."""
    seen: set[tuple[str, int]] = set()
    for one in sorted(found, key=lambda f: (f.line, list(Certainty).index(f.sure))):
        guard = endpoint_of(one.method, one.path) if one.method else _any_method(one.path)
        if guard and (guard.name, one.line) not in seen:
            seen.add((guard.name, one.line))
            yield Use(
                scope=guard.scope,
                call=guard.name,
                path=path,
                line=one.line,
                sure=one.sure if one.method else Certainty.POSSIBLE,
                how=one.how,
            )


def _any_method(path: str) -> GuardedRoute | None:
    """The most literal endpoint of a path whose method is not known, GET before the others."""
    guards = [guard for method in _METHODS if (guard := endpoint_of(method, path))]
    return min(guards, key=lambda guard: guard.name.count("{"), default=None)
