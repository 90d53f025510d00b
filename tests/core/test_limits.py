"""The documentation of the limits says what the policy has."""

from __future__ import annotations

import re
from typing import Final

import pytest

from helpers.core.policy import Limits
from tests.conftest import HOME

PAGE: Final = (HOME / "docs" / "reliability.md").read_text("utf-8")
ROWS: Final = {
    key: (default, message)
    for key, default, message in re.findall(
        r"^\| `(\w+)` \| [^|]+ \| (\d+) \| [^|]+ \| ([^|]+) \|$", PAGE, re.MULTILINE
    )
}
SOURCE: Final = "".join(
    path.read_text("utf-8") for path in sorted((HOME / "helpers" / "intercom").glob("*.py"))
)


def test_every_limit_is_documented() -> None:
    assert list(ROWS) == list(Limits.model_fields)


@pytest.mark.parametrize("key", Limits.model_fields)
def test_its_default_and_the_beginning_of_its_message_are_right(key: str) -> None:
    default, message = ROWS[key]
    assert int(default) == getattr(Limits(), key)
    words = re.split(r"[\d,]+", message)[0].strip()
    assert words in SOURCE
    assert f"`limits.{key}` in policy.toml" in SOURCE
