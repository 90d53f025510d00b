"""Calls to Intercom in JavaScript and TypeScript, read from the syntax tree (tree-sitter)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

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
    talks,
)

if TYPE_CHECKING:
    from tree_sitter import Node

__all__ = ["finder"]

_VERBS: Final = ("get", "post", "put", "patch", "delete")
_METHOD: Final = re.compile(r"(?:\w+\.)*(GET|POST|PUT|PATCH|DELETE)", re.IGNORECASE)
_TEXTS: Final = frozenset(
    {"string", "template_string", "binary_expression", "identifier", "member_expression"}
)
_URL_KEYS: Final = ("url", "uri", "path", "endpoint", "pathname", "resourceUri")


def finder(suffix: str) -> Callable[[str, Nearby], Iterator[FoundCall]]:
    """The finder for sources of that suffix."""
    return partial(_find, suffix=suffix)


def _find(source: str, nearby: Nearby, suffix: str) -> Iterator[FoundCall]:
    from tree_sitter import Language, Parser

    parser = Parser(Language(_grammar(suffix)))
    root = parser.parse(source.encode("utf-8", "replace")).root_node
    reader = _Reader(source, root, nearby)
    for node in _walk(root):
        if node.type in ("call_expression", "new_expression"):
            yield from reader.call(node)


def _grammar(suffix: str) -> object:
    """The grammar, from its own package. TSX reads plain JavaScript's JSX too, TS does not."""
    if suffix in (".ts", ".mts", ".cts"):
        import tree_sitter_typescript

        return tree_sitter_typescript.language_typescript()
    if suffix == ".tsx":
        import tree_sitter_typescript

        return tree_sitter_typescript.language_tsx()
    import tree_sitter_javascript

    return tree_sitter_javascript.language()


class _Reader:
    """Reads one module."""

    def __init__(self, source: str, root: Node, nearby: Nearby) -> None:
        self.own = talks(source)
        self.all = nearby | self.own
        self.names = Names()
        self.clients: set[str] = set()
        for node in _walk(root):
            self._bind(node)

    def _bind(self, node: Node) -> None:
        fields = {
            "variable_declarator": ("name", "value"),
            "assignment_expression": ("left", "right"),
            "pair": ("key", "value"),
            "public_field_definition": ("name", "value"),
            "field_definition": ("property", "value"),
        }.get(node.type)
        left = node.child_by_field_name(fields[0]) if fields else None
        right = node.child_by_field_name(fields[1]) if fields else None
        if left is None or right is None:
            return
        name = _chain(left)[-1:] or ("",)
        self.names.bind(name[0], node.start_point[0], self.text(right))
        made = right.child_by_field_name("constructor") if right.type == "new_expression" else None
        if made is not None and _chain(made)[-1:] in (("IntercomClient",), ("Client",)):
            self.clients.add(name[0])

    def text(self, node: Node | None) -> str | None:
        """The text that an expression makes, with holes; None for what is not text."""
        try:
            return self._text(node)
        except RecursionError:  # a sum of a thousand parts
            return None

    def _text(self, node: Node | None) -> str | None:
        kind = node.type if node else ""
        if node is None or kind not in _TEXTS:
            return None
        if kind == "string":
            return _source(node)[1:-1]
        if kind == "template_string":
            return "".join(self._pieces(node))
        if kind == "binary_expression":
            return self._joined(node)
        names = _chain(node)
        return self.names.text(names[-1], node.start_point[0]) if names else None

    def _joined(self, node: Node) -> str | None:
        left = self.text(node.child_by_field_name("left"))
        right = self.text(node.child_by_field_name("right"))
        if left is None and right is None:
            return None
        return (HOLE if left is None else left) + (HOLE if right is None else right)

    def _pieces(self, node: Node) -> Iterator[str]:
        for child in node.children:
            if child.type == "template_substitution":
                inner = self.text(child.named_children[0]) if child.named_children else None
                yield HOLE if inner is None else inner
            elif child.type == "string_fragment":
                yield _source(child)

    def call(self, node: Node) -> Iterator[FoundCall]:
        """What one call says: a method of the SDK, or a URL with a verb."""
        function = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        arguments = node.child_by_field_name("arguments")
        if function is None or arguments is None:
            return
        names, line = _chain(function), node.start_point[0] + 1
        sdk = sdk_call(names) if self.all.sdk and len(names) > 1 else None
        if sdk:
            method, path = sdk.split(" ")
            sure = Certainty.LIKELY if self.own.sdk else Certainty.POSSIBLE
            sure = Certainty.CERTAIN if set(names) & self.clients else sure
            yield FoundCall(method, path.replace("{id}", HOLE), line, sure, "SDK")
            return
        given = list(arguments.named_children)
        options = [pair for one in given for pair in _pairs(one)]
        said = self._said(given, options)
        method = said or _verb(names)
        urls = [one for one in given if one.type != "object"]
        urls += [value for key, value in options if key in _URL_KEYS]
        for url in urls:
            found = self._target(url, bool(method))
            if found and (said or calls_out(names, self.text(url) or "")):
                yield FoundCall(method, found[0], line, found[1], ".".join(names[-2:]))

    def _target(self, node: Node, called: bool) -> tuple[str, Certainty] | None:  # noqa: FBT001
        text = self.text(node)
        if text is None:
            return None
        path = host_path(text)
        if path is not None:
            return (path, Certainty.CERTAIN) if path else None
        relative = endpoint_path(text.removeprefix(HOLE))
        if not (called and relative and (self.all.host or self.all.sdk)):
            return None
        return relative, Certainty.LIKELY if self.own.host else Certainty.POSSIBLE

    def _said(self, given: list[Node], options: list[tuple[str, Node]]) -> str:
        """GET, POST… in a `method` option or a literal argument."""
        said = [value for key, value in options if key == "method"]
        for one in (*said, *given):
            word = self.text(one) or (_source(one) if one.type == "member_expression" else "")
            match = _METHOD.fullmatch(word)
            if match:
                return match[1].upper()
        return ""


def _verb(names: tuple[str, ...]) -> str:
    """The same from the function's name."""
    last = names[-1].lower() if names else ""
    if last in _VERBS or last.removesuffix("request") in _VERBS:
        return last.removesuffix("request").upper()
    return "GET" if last == "fetch" else ""


def _walk(root: Node) -> Iterator[Node]:
    """Every node, parents first, without recursion."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def _pairs(node: Node) -> Iterator[tuple[str, Node]]:
    for child in node.named_children if node.type == "object" else ():
        key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
        if child.type == "pair" and key is not None and value is not None:
            yield _source(key).strip("\"'"), value


def _chain(node: Node) -> tuple[str, ...]:
    """`this.client.contacts.list` as its names; a call in between is passed over."""
    names: list[str] = []
    at: Node | None = node
    for _ in range(LONGEST_CHAIN):
        if at is None:
            break
        if at.type in ("identifier", "property_identifier", "private_property_identifier"):
            names.append(_source(at))
            break
        named = at.child_by_field_name("property")
        if named is not None:
            names.append(_source(named))
        at = at.child_by_field_name("object") or at.child_by_field_name("function")
    return tuple(reversed(names))


def _source(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")
