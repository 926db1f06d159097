-- Version 13: entries of old paper books, typed twice, and whom of the register they name.

CREATE TABLE paper_claim (
  paper TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('typed', 'differs', 'agreed')),
  office TEXT NOT NULL,
  one TEXT NOT NULL,
  one_by TEXT NOT NULL,
  two TEXT,
  two_by TEXT,
  agreed TEXT,
  decided_by TEXT,
  typed_at TEXT NOT NULL,
  changed_at TEXT NOT NULL
) STRICT;

CREATE INDEX paper_state ON paper_claim (state, office);

CREATE TABLE paper_person (
  personal_number TEXT NOT NULL,
  paper TEXT NOT NULL,
  role TEXT NOT NULL,
  linked_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  linked_at TEXT NOT NULL,
  PRIMARY KEY (personal_number, paper, role)
) STRICT;
