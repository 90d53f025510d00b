-- How far each audit log was known to reach: kept apart from the log, so that a cut shows.
CREATE TABLE audit_heads (
  log      TEXT PRIMARY KEY,          -- the install id in the log's genesis record
  seq      INTEGER NOT NULL,
  hash     TEXT NOT NULL,             -- SHA-256 of the raw line, hex
  noted_at TEXT NOT NULL              -- UTC, ISO 8601
) STRICT;

-- How far each mirror was served. The log itself is the queue, so nothing can be lost between them.
CREATE TABLE audit_mirrors (
  sink       TEXT NOT NULL,
  log        TEXT NOT NULL,
  seq        INTEGER NOT NULL,        -- the last record that arrived
  attempts   INTEGER NOT NULL,        -- failures since then
  not_before TEXT NOT NULL,           -- UTC; empty: at once
  reason     TEXT NOT NULL,           -- of the last failure; empty: none
  PRIMARY KEY (sink, log)
) STRICT;

-- Intercom keeps one event per contact, name and second: the last second used for each name.
CREATE TABLE audit_mirror_seconds (
  sink   TEXT NOT NULL,
  name   TEXT NOT NULL,
  second INTEGER NOT NULL,            -- Unix time
  PRIMARY KEY (sink, name)
) STRICT;

-- Records that a mirror refused for good, and why.
CREATE TABLE audit_mirror_refusals (
  sink   TEXT NOT NULL,
  log    TEXT NOT NULL,
  seq    INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (sink, log, seq)
) STRICT;
