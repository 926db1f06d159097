-- The station's audit log: a chain of lines for each station that works with this store, and the heads that it signed.

CREATE TABLE audit (
  station TEXT NOT NULL CHECK (length(station) = 64),
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  line TEXT NOT NULL,
  PRIMARY KEY (station, sequence)
) STRICT;

CREATE TABLE audit_ends (
  station TEXT NOT NULL PRIMARY KEY,
  sequence INTEGER NOT NULL,
  hash TEXT NOT NULL CHECK (length(hash) = 64),
  FOREIGN KEY (station, sequence) REFERENCES audit (station, sequence)
) STRICT;

CREATE TABLE audit_heads (
  station TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  head TEXT NOT NULL,
  PRIMARY KEY (station, sequence),
  FOREIGN KEY (station, sequence) REFERENCES audit (station, sequence)
) STRICT;

-- Which station's log tells of an action.
ALTER TABLE actions ADD COLUMN station TEXT;
