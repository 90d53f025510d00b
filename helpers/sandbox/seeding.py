"""Make a workspace from a seed: the same in every run."""

from __future__ import annotations

from datetime import UTC, datetime

from helpers.sandbox import contents, demo, people, tidy
from helpers.sandbox.clock import DEMO_NOW, Clock
from helpers.sandbox.limits import Limiter, RateLimit
from helpers.sandbox.seeds import SEEDS
from helpers.sandbox.workspace import Workspace

__all__ = ["make_workspace"]


def make_workspace(
    seed: str = "demo",
    *,
    clock: datetime | None = DEMO_NOW,
    region: str = "US",
    rate_limit: RateLimit | None = None,
) -> Workspace:
    """A fresh workspace, whose past ends at `clock`; None: at present, and the clock runs.

    Raises KeyError for a seed that does not exist.
    """
    known = SEEDS[seed]
    workspace = Workspace(
        seed=seed,
        id_code=known.id_code,
        title="Harbour Lane Outfitters",
        created_at=int(datetime(2023, 5, 9, 8, tzinfo=UTC).timestamp()),
        region=region,
        clock=Clock(clock or datetime.now(UTC)),
        limiter=Limiter(rate_limit or RateLimit()),
    )
    people.settle(workspace)
    contents.fill(workspace)
    (demo if seed == "demo" else tidy).furnish(workspace, known)
    if clock is None:
        workspace.clock.run()
    return workspace
