-- Version 10: who looked at whom, in which case or without one. No personal data: the number as a keyed digest. Each entry
-- holds a keyed digest of itself and the one before; the head holds one that no entry tells.
CREATE TABLE access_log (
  log TEXT NOT NULL,
  link INTEGER NOT NULL CHECK (link >= 1),
  number_digest BLOB NOT NULL CHECK (length(number_digest) = 32),
  officer TEXT NOT NULL CHECK (length(officer) BETWEEN 1 AND 200),
  grounds TEXT NOT NULL CHECK (grounds IN ('case', 'break-glass')),
  reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  shown TEXT NOT NULL CHECK (length(shown) BETWEEN 1 AND 40),
  at TEXT NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  PRIMARY KEY (log, link)
) STRICT;
CREATE INDEX access_of_number ON access_log (number_digest);

CREATE TABLE access_head (
  log TEXT NOT NULL PRIMARY KEY,
  link INTEGER NOT NULL CHECK (link >= 0),
  digest BLOB NOT NULL CHECK (length(digest) = 32),
  head BLOB NOT NULL CHECK (length(head) = 32)
) STRICT;
