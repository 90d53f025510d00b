from __future__ import annotations

from helpers.scopes.documents import page
from tests.conftest import HOME


def test_the_page_in_the_documentation_is_the_one_that_the_command_prints() -> None:
    assert (HOME / "docs" / "scopes.md").read_text("utf-8") == page()
