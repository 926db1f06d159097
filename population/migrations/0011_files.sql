-- Version 11: files of persons, and how far each was taken.

CREATE TABLE file_claim (
  digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
  row_count INTEGER NOT NULL CHECK (row_count >= 0),
  added INTEGER NOT NULL CHECK (added >= 0),
  changed INTEGER NOT NULL CHECK (changed >= 0),
  unchanged INTEGER NOT NULL CHECK (unchanged >= 0),
  rejected INTEGER NOT NULL CHECK (rejected >= 0),
  converted INTEGER NOT NULL CHECK (converted >= 0),
  done INTEGER NOT NULL CHECK (done IN (0, 1)),
  recorded_at TEXT NOT NULL
) STRICT;
