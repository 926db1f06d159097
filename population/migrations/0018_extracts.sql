-- Version 18: extracts given out, numbered by the office and the year, and where each book of them ends.
CREATE TABLE extract_claim (
  given TEXT NOT NULL PRIMARY KEY CHECK (length(given) BETWEEN 12 AND 30),
  name TEXT NOT NULL,
  content TEXT NOT NULL CHECK (length(content) = 16),
  officer TEXT NOT NULL CHECK (length(officer) BETWEEN 1 AND 200),
  given_at TEXT NOT NULL
) STRICT;
CREATE INDEX extract_of ON extract_claim (name);

CREATE TABLE extract_end_claim (
  book TEXT NOT NULL PRIMARY KEY,
  last INTEGER NOT NULL CHECK (last >= 0)
) STRICT;
