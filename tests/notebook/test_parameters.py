"""The parameters of a notebook, as text and as a form."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.notebook.context_factory import _paths_of
from helpers.notebook.parameters import Choices, _form, choose


def fields(choices: Choices) -> dict[str, object]:
    return {widget.description: widget for widget in _form(choices).children}


def test_what_is_set_is_shown_with_its_meaning() -> None:
    text = choose("production", observed="seen.har").view().text
    assert "production" in text
    assert "seen.har" in text
    assert "what ran" in text
    assert "env_file" not in text


def test_the_form_offers_observed_files_only_where_they_are_of_use() -> None:
    assert list(fields(choose("sandbox"))) == ["profile", "env_file", "repo", "policy"]
    assert list(fields(choose("sandbox", observed="")))[-1] == "observed"


def test_what_is_typed_into_the_form_counts() -> None:
    choices = choose("sandbox", observed="")
    for name, value in (("profile", "staging"), ("repo", "/code"), ("observed", "a.har, b.log")):
        fields_of = _form(choices).children
        next(w for w in fields_of if w.description == name).value = value
    assert choices == Choices("staging", repo="/code", observed="a.har, b.log")


@pytest.mark.parametrize(
    ("text", "names"),
    [("", []), (" , ", []), ("a.har", ["a.har"]), ("a b.har, c", ["a b.har", "c"])],
)
def test_many_files_stand_between_commas(text: str, names: list[str]) -> None:
    assert list(_paths_of(text)) == [Path(name).resolve() for name in names]
