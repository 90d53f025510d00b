"""The audit log: tamper-evident records of what we do, and questions to Intercom's own log.

from helpers.auditlog import AuditLog, audited, recording

with AuditLog.open(folder, state) as log, recording(log):
    with audited("intercom.contact.export", resource="export/17") as metadata:
        metadata["rows"] = export()
"""

from helpers.auditlog.log import AuditLog, record
from helpers.auditlog.recorder import audited, http_hooks, recording
from helpers.auditlog.verification import verify

__all__ = ["AuditLog", "audited", "http_hooks", "record", "recording", "verify"]
