"""What was seen in one repository, by where the bytes came from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from helpers.exposure.engine import Sighting
from helpers.exposure.items import Origin

__all__ = ["Hits"]


@dataclass
class Hits:
    """Sightings with the place inside, by origin; each once."""

    seen: dict[Origin, dict[tuple[str, Sighting], None]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def add(self, origin: Origin, seen: Iterable[tuple[str, Sighting]]) -> None:
        """Note what was seen in an origin."""
        for one in seen:
            self.seen[origin][one] = None
