-- Which audit log a profile expects, by the setting that names it: a log that was wiped or replaced
-- names itself anew, so its identity is kept apart from it.
CREATE TABLE audit_expected (
  source TEXT PRIMARY KEY,            -- INTERCOM_AUDIT_LOG, or the runbook's own log
  log    TEXT NOT NULL                -- the install id in the log's genesis record
) STRICT;
