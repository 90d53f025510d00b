-- Runs and what they found, for the comparison with the run before.
CREATE TABLE runs (
  id           INTEGER PRIMARY KEY,
  name         TEXT NOT NULL UNIQUE,      -- the run folder's name
  profile      TEXT NOT NULL,
  generated_at TEXT NOT NULL,             -- UTC, ISO 8601
  tool_version TEXT NOT NULL
) STRICT;

CREATE TABLE findings (
  run_id      INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  position    INTEGER NOT NULL,           -- place in the report
  fingerprint TEXT NOT NULL,
  check_id    TEXT NOT NULL,
  status      TEXT NOT NULL,
  body        TEXT NOT NULL,              -- the finding as JSON
  PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX findings_by_fingerprint ON findings (fingerprint, run_id);
CREATE INDEX findings_by_check ON findings (check_id, run_id);
