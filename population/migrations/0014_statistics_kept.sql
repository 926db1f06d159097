-- Version 12: the roll-up is kept with each change. No person can be told from the page.

-- What a change adds to the counts and takes away, until it is folded in.
CREATE TABLE statistics_change (
  personal_number TEXT NOT NULL,
  because TEXT NOT NULL,
  cells TEXT NOT NULL,
  PRIMARY KEY (personal_number, because)
) STRICT;

-- The page of a month, made once: two pages of one month would tell by their difference what happened between.
CREATE TABLE statistics_published (
  month TEXT NOT NULL PRIMARY KEY,
  page TEXT NOT NULL
) STRICT;
