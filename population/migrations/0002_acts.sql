-- Made once `person` is the table of version 2.

-- Acts of civil status, each taken once: its digest, and what became of it.
CREATE TABLE act_claim (
  act_id TEXT NOT NULL PRIMARY KEY,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  entry TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('applied', 'late', 'case')),
  reason TEXT CHECK ((outcome = 'case') = (reason IS NOT NULL)),
  recorded_at TEXT NOT NULL
) STRICT;

-- The acts of each person, by the day they happened.
CREATE TABLE person_act (
  personal_number TEXT NOT NULL REFERENCES person (personal_number),
  on_day TEXT NOT NULL CHECK (on_day GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
  act_id TEXT NOT NULL,
  PRIMARY KEY (personal_number, on_day, act_id)
) STRICT;

-- What connected systems are told.
CREATE TABLE outbox (
  personal_number TEXT NOT NULL REFERENCES person (personal_number),
  act_id TEXT NOT NULL,
  position INTEGER NOT NULL CHECK (position >= 0),
  topic TEXT NOT NULL,
  message TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  sent_at TEXT,
  PRIMARY KEY (personal_number, act_id, position)
) STRICT;
CREATE INDEX outbox_waiting ON outbox (topic, recorded_at) WHERE sent_at IS NULL;

-- The chain of an intake: what was taken, in which order. Each entry holds the digest of the one before.
CREATE TABLE intake_audit (
  intake TEXT NOT NULL,
  link INTEGER NOT NULL CHECK (link >= 1),
  act_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  at TEXT NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  PRIMARY KEY (intake, link)
) STRICT;
CREATE TABLE intake_head (
  intake TEXT NOT NULL PRIMARY KEY,
  link INTEGER NOT NULL CHECK (link >= 0),
  digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;
