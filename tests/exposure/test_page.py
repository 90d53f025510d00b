"""docs/exposure.md states the limits of the code."""

from __future__ import annotations

import pytest

from helpers.exposure import cache, configured, items, kingfisher, objects
from helpers.exposure.unpack import UnpackBudget
from tests.conftest import HOME

PAGE = (HOME / "docs" / "exposure.md").read_text("utf-8")
LIMITS = UnpackBudget()


@pytest.mark.parametrize(
    "said",
    [
        f"{LIMITS.entries:,} members",
        f"{LIMITS.bytes >> 20} MiB unpacked in all",
        f"{LIMITS.ratio} times the packed size beyond {LIMITS.free >> 20} MiB",
        f"in pieces of {items._PIECE >> 20} MiB",
        f"up to {items.LARGEST >> 30} GiB; above {items.WHOLE >> 20} MiB",
        f"{kingfisher._SECONDS:.0f} s for one piece",
        f"after {objects._MOST_DAMAGED} it stops",
        f"not used for {cache._UNUSED_DAYS} days",
        f"from {configured._SHORTEST} random characters on",
    ],
)
def test_a_limit_is_as_stated(said: str) -> None:
    assert said in PAGE
