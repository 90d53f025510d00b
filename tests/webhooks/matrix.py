"""The large tables of tests: a seeded sample by default, all of it with RUNBOOK_RECEIVERS=all."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import Final, TypeVar

ALL: Final = os.environ.get("RUNBOOK_RECEIVERS") == "all"
_SEED: Final = 16
T = TypeVar("T")


def sampled(rows: Sequence[T], size: int) -> list[T]:
    """The rows of a table that are tested now, in their order."""
    if ALL or len(rows) <= size:
        return list(rows)
    chosen = random.Random(_SEED).sample(range(len(rows)), size)
    return [rows[number] for number in sorted(chosen)]
