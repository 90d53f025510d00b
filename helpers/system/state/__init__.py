"""One profile's memory: `state.db`.

`state.db` keeps runs and findings, the rotation ledger and the audit log's outbox. It survives a
power cut (`journal_mode=TRUNCATE`, `synchronous=FULL`), is backed up before each migration, and is
checked when it is opened.
"""

from __future__ import annotations

from helpers.system.state.database import open_state, writing
from helpers.system.state.first_audit import first_audit
from helpers.system.state.integrity import damaged_rows, row_hash, seal

__all__ = ["damaged_rows", "first_audit", "open_state", "row_hash", "seal", "writing"]
