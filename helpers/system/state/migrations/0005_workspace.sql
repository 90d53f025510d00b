-- Which workspace of Intercom this state is about: kept when first seen, compared from then on.
CREATE TABLE workspace (
  only      INTEGER PRIMARY KEY CHECK (only = 1),
  id_code   TEXT NOT NULL,
  pinned_at TEXT NOT NULL              -- UTC, ISO 8601
) STRICT;

-- The repositories that were audited with it. A repository describes itself, so its place counts too.
CREATE TABLE repositories (
  key    TEXT PRIMARY KEY,
  remote TEXT NOT NULL,                -- of origin, without user and protocol; empty: none
  roots  TEXT NOT NULL,                -- first commits, between spaces; empty: not known
  place  TEXT NOT NULL                 -- the folder in which it was last seen
) STRICT;

-- Runs are compared with runs of the same repository and steps: a line of history.
CREATE TABLE history_lines (
  id         INTEGER PRIMARY KEY,
  repository TEXT NOT NULL,            -- its key, or the operator's name for it
  steps      TEXT NOT NULL,            -- in order, between commas
  UNIQUE (repository, steps)
) STRICT;

-- NULL: recorded before there were lines. `findings` holds what was known then, and stays as it is.
ALTER TABLE runs ADD COLUMN line INTEGER REFERENCES history_lines (id);

CREATE TABLE line_findings (
  line        INTEGER NOT NULL REFERENCES history_lines (id),
  fingerprint TEXT NOT NULL,
  check_id    TEXT NOT NULL,
  status      TEXT NOT NULL,           -- the last verdict
  since       TEXT,                    -- the run that opened the present failure; NULL: not failing
  body        TEXT NOT NULL,           -- the last failing finding as JSON; empty: never failed
  PRIMARY KEY (line, fingerprint)
) STRICT;
