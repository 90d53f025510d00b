"""Since when the runbook has known a workspace: what was before that, it could not see coming."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime

from helpers.core.context import Context
from helpers.core.errors import StateError
from helpers.core.model import Datum, Known, Unavailable
from helpers.core.settings import Profile
from helpers.system.state.database import FILE_NAME, open_state

__all__ = ["first_audit"]


def first_audit(context: Context) -> Datum[datetime | None]:
    """The start of the first recorded audit, now if this is the first; None in the demo."""
    if context.settings.profile is Profile.SANDBOX:
        return Known(None)
    try:
        with closing(open_state(context.state)) as connection:
            (first,) = connection.execute("SELECT min(generated_at) FROM runs").fetchone()
    except StateError as error:
        return Unavailable(reason=str(error), call=FILE_NAME)
    return Known(datetime.fromisoformat(first) if first else context.clock())
