"""The page about the sandbox names all of it, and nothing that is not there."""

import re
from dataclasses import fields

import pytest
from starlette.routing import Route

from helpers.sandbox.faults import KINDS
from helpers.sandbox.hub import application
from helpers.sandbox.workspace import Behaviours
from tests.conftest import HOME

PAGE = (HOME / "docs" / "sandbox.md").read_text("utf-8")


def table(heading: str) -> list[str]:
    """The code words of the first column of the table under a heading."""
    section = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
    firsts = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return [word for cell in firsts for word in re.findall(r"`([^`]+)`", cell)]


def test_every_call_of_the_hub_is_named() -> None:
    routes = [
        f"{method} {route.path}"
        for route in application.routes
        if isinstance(route, Route)
        for method in route.methods or ()
        if method != "HEAD"
    ]
    assert sorted(table("The developer hub")) == sorted(routes)


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("Faults", list(KINDS)),
        ("Behaviours", [field.name for field in fields(Behaviours)]),
    ],
)
def test_every_fault_and_behaviour_is_named(heading: str, names: list[str]) -> None:
    assert sorted(table(heading)) == sorted(names)
