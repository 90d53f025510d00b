-- Runs, and what is known of every finding that was ever seen.
CREATE TABLE runs (
  id           INTEGER PRIMARY KEY,
  name         TEXT NOT NULL UNIQUE,   -- the run folder's name
  generated_at TEXT NOT NULL,          -- UTC, ISO 8601
  tool_version TEXT NOT NULL,
  summary      TEXT NOT NULL           -- the coverage headline
) STRICT;

CREATE TABLE findings (
  fingerprint TEXT PRIMARY KEY,
  check_id    TEXT NOT NULL,
  status      TEXT NOT NULL,           -- the last verdict
  since       TEXT,                    -- the run that opened the present failure; NULL: not failing
  body        TEXT NOT NULL            -- the last failing finding as JSON; empty: never failed
) STRICT;

CREATE INDEX findings_by_check ON findings (check_id);
