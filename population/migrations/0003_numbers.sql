-- Version 3: personal numbers given by this register.

-- Every number that was given, and to which request. Numbers of persons brought in stand in `person`.
CREATE TABLE number_given (
  personal_number TEXT NOT NULL PRIMARY KEY CHECK (length(personal_number) = 12),
  request TEXT NOT NULL
) STRICT;

-- What each request was answered.
CREATE TABLE number_request_claim (
  request TEXT NOT NULL PRIMARY KEY,
  personal_number TEXT NOT NULL
) STRICT;

-- How many indices of each prefix are leased.
CREATE TABLE number_block_claim (
  prefix TEXT NOT NULL PRIMARY KEY CHECK (length(prefix) = 6),
  leased INTEGER NOT NULL CHECK (leased BETWEEN 0 AND 1000000)
) STRICT;

-- Numbers that ended, and what follows them. Never deleted.
CREATE TABLE number_cancelled (
  personal_number TEXT NOT NULL PRIMARY KEY CHECK (length(personal_number) = 12),
  successor TEXT CHECK (successor <> personal_number),
  cause TEXT NOT NULL,
  decided_on TEXT NOT NULL
) STRICT;
