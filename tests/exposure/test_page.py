"""docs/exposure.md states the bounds that the code has."""

from __future__ import annotations

import pytest

from helpers.exposure import cache, kingfisher, literals, objects, pieces
from helpers.exposure.unpack import Budget
from tests.conftest import HOME

PAGE = (HOME / "docs" / "exposure.md").read_text("utf-8")
LIMITS = Budget()


@pytest.mark.parametrize(
    "said",
    [
        f"{LIMITS.entries:,} members",
        f"{LIMITS.bytes >> 20} MiB unpacked in all",
        f"{LIMITS.ratio} times the packed size beyond {LIMITS.free >> 20} MiB",
        f"in pieces of {pieces._PIECE >> 20} MiB",
        f"up to {pieces.LARGEST >> 30} GiB; above {pieces.WHOLE >> 20} MiB",
        f"{kingfisher._SECONDS:.0f} s for one piece",
        f"after {objects._MOST_BROKEN} it stops",
        f"not used for {cache._UNUSED_DAYS} days",
        f"from {literals._SHORTEST} random characters on",
    ],
)
def test_a_bound_is_as_stated(said: str) -> None:
    assert said in PAGE
