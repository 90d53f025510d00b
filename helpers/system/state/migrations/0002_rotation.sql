-- The rotation ledger: fingerprints, times, people and evidence; never a secret.
CREATE TABLE rotations (
  id              TEXT PRIMARY KEY,
  variable        TEXT NOT NULL,             -- the credential, by the name of its variable
  kind            TEXT NOT NULL,             -- access_token, client_secret, identity_secret
  mode            TEXT NOT NULL CHECK (mode IN ('overlap', 'in-place')),
  compromised     INTEGER NOT NULL CHECK (compromised IN (0, 1)),
  state           TEXT NOT NULL CHECK (state IN ('PLANNED', 'STAGED', 'VERIFIED', 'SWAPPED',
                    'CONFIRMED', 'REVOKED', 'DONE', 'ABORTED', 'ROLLED_BACK', 'NEEDS_HUMAN')),
  stood_at        TEXT NOT NULL,             -- the state to go on from, out of NEEDS_HUMAN
  reason          TEXT NOT NULL,             -- why a person is needed
  store           TEXT NOT NULL,
  actor           TEXT NOT NULL,
  old_fingerprint TEXT NOT NULL,
  new_fingerprint TEXT NOT NULL,             -- empty until a new secret is offered
  opened_at       TEXT NOT NULL,             -- UTC, ISO 8601
  moved_at        TEXT NOT NULL,
  row_hash        TEXT NOT NULL
) STRICT;

-- One open rotation a credential, whatever two operators do at once.
CREATE UNIQUE INDEX one_open_rotation ON rotations (variable)
  WHERE state NOT IN ('DONE', 'ABORTED', 'ROLLED_BACK');

CREATE TABLE rotation_events (
  rotation TEXT NOT NULL REFERENCES rotations (id),
  number   INTEGER NOT NULL,
  at       TEXT NOT NULL,
  actor    TEXT NOT NULL,
  what     TEXT NOT NULL CHECK (what IN ('intent', 'move', 'evidence', 'confirmation', 'note')),
  name     TEXT NOT NULL,                    -- of the effect, the state, the proof or the consumer
  detail   TEXT NOT NULL,                    -- JSON
  row_hash TEXT NOT NULL,
  PRIMARY KEY (rotation, number)
) STRICT;

-- When each secret was first seen by a run here: a lower bound of its age.
CREATE TABLE key_sightings (
  variable    TEXT NOT NULL,
  kind        TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  first_seen  TEXT NOT NULL,
  row_hash    TEXT NOT NULL,
  PRIMARY KEY (variable, fingerprint)
) STRICT;
