-- A card's life after issue: what an officer asked for, and what came of it. Asked first, then done in the register.

CREATE TABLE card_changes (
  id INTEGER NOT NULL PRIMARY KEY,
  sod_sha256 TEXT NOT NULL CHECK (length(sod_sha256) = 64),
  change TEXT NOT NULL CHECK (change IN ('lost', 'found', 'hold', 'return', 'revoke', 'destroy')),
  ground TEXT,
  until TEXT,
  reason TEXT NOT NULL CHECK (length(trim(reason)) > 0),
  actor TEXT NOT NULL CHECK (length(actor) > 0),
  at TEXT NOT NULL,
  idempotency_key TEXT UNIQUE,
  station TEXT,
  CHECK ((ground IS NOT NULL) = (change IN ('hold', 'revoke'))),
  CHECK (until IS NULL OR change = 'hold')
) STRICT;
CREATE INDEX card_changes_of_card ON card_changes (sod_sha256, id);

CREATE TABLE card_change_outcomes (
  change_id INTEGER NOT NULL PRIMARY KEY REFERENCES card_changes (id),
  outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
  at TEXT NOT NULL
) STRICT;

INSERT INTO counters (kind, next) VALUES ('card-change', 1);

-- Orders to the queue that were carried out: the same order sent again changes nothing.
CREATE TABLE queue_requests (
  idempotency_key TEXT NOT NULL PRIMARY KEY,
  at TEXT NOT NULL
) STRICT;
