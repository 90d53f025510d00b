"""Calls to Intercom in Python sources, read from the syntax tree; nothing is run or imported."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import Final

from helpers.scopes.records import Certainty
from helpers.scopes.usage.found import (
    HOLE,
    LONGEST_CHAIN,
    FoundCall,
    Names,
    Nearby,
    calls_out,
    endpoint_path,
    host_path,
    sdk_call,
)

__all__ = ["find"]

_VERBS: Final = ("get", "post", "put", "patch", "delete")
_METHOD: Final = re.compile(r"GET|POST|PUT|PATCH|DELETE", re.IGNORECASE)
_NAMED: Final = re.compile(r"(^|_)(path|endpoint|url|route|uri|resource)$", re.IGNORECASE)


def find(source: str, nearby: Nearby) -> Iterator[FoundCall]:
    """Every call in a source; a file that is not Python holds none.

    Raises RecursionError or MemoryError for code that is nested too deeply for Python's parser.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other people's code
            tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    nodes = list(ast.walk(tree))
    reader = _Reader(nodes, nearby)
    routes = {id(one) for node in nodes for one in getattr(node, "decorator_list", ())}
    for node in nodes:
        if isinstance(node, ast.Call) and id(node) not in routes:
            yield from reader.call(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            yield from reader.named(node)


class _Reader:
    """Reads one module."""

    def __init__(self, nodes: list[ast.AST], nearby: Nearby) -> None:
        self.nearby = nearby
        self.names = Names()
        self.imports_sdk = any(_imports_sdk(node) for node in nodes)
        self.clients: set[str] = set()
        bindings = [n for n in nodes if isinstance(n, ast.Assign | ast.AnnAssign) and n.value]
        for node in sorted(bindings, key=lambda n: n.lineno):
            self._bind(node)
        self.own_host = any(
            isinstance(n, ast.Constant) and isinstance(n.value, str) and "intercom.io" in n.value
            for n in nodes
        )

    def _bind(self, node: ast.Assign | ast.AnnAssign) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [name for target in targets if (name := _name(target))]
        text = self.text(node.value)
        made = (isinstance(node.value, ast.Call) and _name(node.value.func)) or ""
        for name in names:
            self.names.bind(name, node.lineno, text)
            if made in ("Intercom", "AsyncIntercom") or (made == "Client" and self.imports_sdk):
                self.clients.add(name)

    def text(self, node: ast.expr | None) -> str | None:
        """The text that an expression makes, with holes; None for what is not text."""
        try:
            return self._text(node)
        except RecursionError:  # a sum of a thousand parts
            return None

    def _text(self, node: ast.expr | None) -> str | None:
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.JoinedStr):
            return "".join(self._piece(part) for part in node.values)
        if isinstance(node, ast.Name | ast.Attribute):
            return self.names.text(_name(node) or "", node.lineno)
        if isinstance(node, ast.BinOp):
            return self._joined(node)
        if isinstance(node, ast.Call):
            return self._made(node)
        return None

    def _piece(self, part: ast.expr) -> str:
        if isinstance(part, ast.FormattedValue):
            return self._known(part.value)
        return self.text(part) or ""

    def _known(self, node: ast.expr) -> str:
        found = self.text(node)
        return HOLE if found is None else found

    def _joined(self, node: ast.BinOp) -> str | None:
        if isinstance(node.op, ast.Mod):
            return self.text(node.left)
        if not isinstance(node.op, ast.Add):
            return None
        left, right = self.text(node.left), self.text(node.right)
        if left is None and right is None:
            return None
        return (HOLE if left is None else left) + (HOLE if right is None else right)

    def _made(self, node: ast.Call) -> str | None:
        name = _name(node.func)
        if name == "format" and isinstance(node.func, ast.Attribute):
            return self.text(node.func.value)
        if name == "urljoin" and len(node.args) > 1:
            base, path = self._known(node.args[0]), self._known(node.args[1])
            return f"{base.rstrip('/')}/{path.lstrip('/')}"
        return None

    def call(self, node: ast.Call) -> Iterator[FoundCall]:
        """What one call expression says."""
        names = _chain(node.func)
        library = self.imports_sdk or self.nearby.sdk
        sdk = sdk_call(names) if library and len(names) > 1 else None
        if sdk:
            method, path = sdk.split(" ")
            sure = Certainty.LIKELY if self.imports_sdk else Certainty.POSSIBLE
            sure = Certainty.CERTAIN if set(names) & self.clients else sure
            yield FoundCall(method, path.replace("{id}", HOLE), node.lineno, sure, "SDK")
            return
        said = self._said(node)
        method = said or self._named(node, names)
        for argument in (*node.args, *(k.value for k in node.keywords if _names_url(k))):
            found = self._target(argument, bool(method))
            if found and (said or self._calls_out(names, argument)):
                yield FoundCall(method, found[0], node.lineno, found[1], ".".join(names[-2:]))

    def _target(self, node: ast.expr, called: bool) -> tuple[str, Certainty] | None:  # noqa: FBT001
        text = self.text(node)
        if text is None:
            return None
        path = host_path(text)
        if path is not None:
            return (path, Certainty.CERTAIN) if path else None
        relative = text.removeprefix(HOLE)
        if called and (self.own_host or self.nearby.host) and endpoint_path(relative):
            return endpoint_path(
                relative
            ), Certainty.LIKELY if self.own_host else Certainty.POSSIBLE
        return None

    def _calls_out(self, names: tuple[str, ...], argument: ast.expr) -> bool:
        return calls_out(names, self.text(argument) or "")

    def _said(self, node: ast.Call) -> str:
        """GET, POST… in a `method` keyword or a literal argument."""
        said = [k.value for k in node.keywords if k.arg in ("method", "http_method")]
        for argument in (*said, *node.args):
            text = self.text(argument)
            if text and _METHOD.fullmatch(text):
                return text.upper()
        return ""

    def _named(self, node: ast.Call, names: tuple[str, ...]) -> str:
        """The same from the function's name."""
        words = re.split(r"_+", names[-1].lower()) if names else []
        found = [verb for verb in _VERBS if verb in words]
        if found or not names:
            return found[0].upper() if found else ""
        return self._urlopen(node) if names[-1] in ("urlopen", "Request") else ""

    @staticmethod
    def _urlopen(node: ast.Call) -> str:
        body = len(node.args) > 1 or any(k.arg == "data" for k in node.keywords)
        return "POST" if body else "GET"

    def named(self, node: ast.Assign | ast.AnnAssign) -> Iterator[FoundCall]:
        """A path that is given a name such as `endpoint`, and used elsewhere."""
        if not (self.own_host or self.nearby.host):
            return
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        text = self.text(node.value) if isinstance(node.value, ast.Constant) else None
        if text and any(_NAMED.search(_name(target) or "") for target in targets):
            path = host_path(text) or endpoint_path(text)
            if path:
                yield FoundCall("", path, node.lineno, Certainty.POSSIBLE, "a named path")


def _imports_sdk(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name.split(".")[0] == "intercom" for alias in node.names)
    return (
        isinstance(node, ast.ImportFrom)
        and not node.level
        and (node.module or "").split(".")[0] == "intercom"
    )


def _names_url(keyword: ast.keyword) -> bool:
    return bool(_NAMED.search(keyword.arg or ""))


def _name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def _chain(node: ast.expr) -> tuple[str, ...]:
    """`self.client.contacts.list` as its names; a call in between is passed over."""
    names: list[str] = []
    for _ in range(LONGEST_CHAIN):
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        else:
            break
    if isinstance(node, ast.Name):
        names.append(node.id)
    return tuple(reversed(names))
