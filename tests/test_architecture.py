"""docs/architecture.md says what the code is: rooms, layers, and the files of each walk."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.conftest import HOME

PAGE = (HOME / "docs" / "architecture.md").read_text("utf-8")
LONGEST = {"One check": 8, "One webhook case": 9, "One rotation": 16, "One scanned blob": 14}
PROJECT = tomllib.loads((HOME / "pyproject.toml").read_text("utf-8"))


def section(title: str) -> str:
    """The text under a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def block(title: str) -> list[str]:
    """The lines of the indented block under a heading."""
    return [line.strip() for line in section(title).splitlines() if line.startswith("    ")]


def files(text: str) -> list[str]:
    """Every path of the project that a text names in backticks."""
    return re.findall(r"`((?:helpers|notebooks|tests|docs|research)/[^`\s]*|[\w./-]+\.toml)`", text)


def test_the_tree_of_rooms_is_the_tree_of_packages():
    drawn = {line.split("/")[0] for line in block("The rooms")[1:]}
    rooms = {path.parent.name for path in (HOME / "helpers").glob("*/__init__.py")}
    assert drawn == rooms


def test_the_layers_are_those_that_the_linter_enforces():
    (contract,) = [
        one for one in PROJECT["tool"]["importlinter"]["contracts"] if one["type"] == "layers"
    ]
    assert block("Who may import whom") == contract["layers"]
    assert contract["exhaustive"]


@pytest.mark.parametrize("title", LONGEST)
def test_a_walk_is_short_and_each_file_leads_to_the_next(title: str):
    """Each module of a walk imports one of the others, or is imported by one."""
    walk = re.findall(r"^\d+\. `([^`]+)`", section(title), re.MULTILINE)
    assert 3 < len(walk) <= LONGEST[title]
    assert len(set(walk)) == len(walk)
    texts = {file: (HOME / file).read_text("utf-8") for file in walk}
    names = {file: file.removesuffix(".py").replace("/", ".") for file in walk}
    for file in walk:
        if not file.endswith(".py"):
            continue
        others = [other for other in walk if other != file]
        linked = any(names[other] in texts[file] or names[file] in texts[other] for other in others)
        assert linked or found_by_name(names[file]), f"{file} stands alone in this walk"


def found_by_name(module: str) -> bool:
    """A step's collector, checks and notebook session are loaded by name, not imported."""
    return bool(re.fullmatch(r"helpers\.(\w+\.(collect|checks\.\w+)|notebook\.session)", module))


def test_every_file_that_the_page_names_exists():
    named = [name for name in files(PAGE) if name != "policy.toml"]
    assert len(named) > 40
    assert [name for name in named if not (HOME / name).exists()] == []


def test_every_link_of_the_page_leads_somewhere():
    for target, heading in re.findall(r"\]\(([^)#]+)(?:#([^)]+))?\)", PAGE):
        path = Path(HOME / "docs" / target).resolve()
        assert path.exists(), target
        titles = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
        assert not heading or heading in {one.lower().replace(" ", "-") for one in titles}
