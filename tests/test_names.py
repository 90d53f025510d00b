"""One name for one thing: a reader who searches for a public class finds one."""

from __future__ import annotations

import ast
from collections import defaultdict

from tests.conftest import HOME


def test_every_public_class_name_stands_once_in_the_code():
    places: dict[str, list[str]] = defaultdict(list)
    for path in sorted((HOME / "helpers").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(path.relative_to(HOME)))
    assert len(places) > 300
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
