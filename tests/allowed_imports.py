"""A contract type for import-linter: some modules import only what a list allows.

import-linter's own types list what is forbidden, and such a list misses the module that is added
tomorrow. Imports under `TYPE_CHECKING` count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

__all__ = ["AllowedImports"]


class AllowedImports(Contract):
    """Each of `modules`, with all below it, imports itself, what `allowed` names, nothing else.

    A name covers the modules below it; `*` stands for one part of a name. The standard library and
    other packages are free, except for those of `forbidden_packages`.
    """

    modules = fields.ListField(subfield=fields.StringField())
    allowed = fields.ListField(subfield=fields.StringField())
    forbidden_packages = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Collect every import that the list does not allow."""
        del verbose
        found = sorted({line for name in self._held(graph) for line in self._faults(graph, name)})
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line an import."""
        for line in check.metadata["found"]:
            output.print_error(line)

    def _held(self, graph: ImportGraph) -> Iterator[str]:
        held: Any = self.modules
        names = [name for name in graph.modules if _covered(name, held)]
        if not names:
            raise ValueError(f"No module is named {', '.join(held)}.")
        yield from names

    def _faults(self, graph: ImportGraph, name: str) -> Iterator[str]:
        held: Any = self.modules
        allowed: Any = self.allowed
        forbidden: Any = self.forbidden_packages or ()
        for other in graph.find_modules_directly_imported_by(name):
            ours = other.split(".")[0] == name.split(".", maxsplit=1)[0]
            own = _root(name, held) == _root(other, held)
            if (ours and not own and not _covered(other, allowed)) or _covered(other, forbidden):
                yield f"{name} is not allowed to import {other}."


def _root(name: str, patterns: list[str]) -> str:
    """The package that a pattern covers the module by; the module itself where none does."""
    matches = (re.match(_expression(pattern), name) for pattern in patterns)
    return next((match[1] for match in matches if match), name)


def _covered(name: str, patterns: list[str]) -> bool:
    return any(re.match(_expression(pattern), name) for pattern in patterns)


def _expression(pattern: str) -> str:
    return rf"({re.escape(pattern).replace(re.escape('*'), '[^.]+')})(\.|$)"
