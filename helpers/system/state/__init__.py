"""One profile's memory: `state.db` and the lock that one run at a time holds.

`state.db` keeps runs and findings, the rotation ledger and the audit log's outbox. It survives a
power cut (`journal_mode=TRUNCATE`, `synchronous=FULL`), is backed up before each migration, and is
checked when it is opened.
"""

from __future__ import annotations

from helpers.system.state.database import open_state, writing
from helpers.system.state.integrity import damaged_rows, row_hash, seal
from helpers.system.state.lock import lock_profile

__all__ = ["damaged_rows", "lock_profile", "open_state", "row_hash", "seal", "writing"]
